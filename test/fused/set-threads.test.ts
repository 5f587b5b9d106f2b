import { spawnSync } from 'node:child_process';
import * as tf from '@tensorflow/tfjs';
import { RUNNING } from '../../src/fused/wasm/threads/control.js';
import { WorkerPool } from '../../src/fused/wasm/threads/pool.js';
import * as workers from '../../src/fused/wasm/threads/workers.js';
import { lstm, setThreads } from '../../src/index.js';
import { useBackend } from '../../tools/backends.js';
import { randomTensor } from '../support/random.js';

beforeAll(() => useBackend('wasm'));

let warn: jest.SpyInstance;

beforeEach(() => {
  warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
});

afterEach(async () => {
  jest.restoreAllMocks();
  await setThreads(1);
});

const units = 64;
const layer = () => lstm({ units, returnSequences: true, recurrentInitializer: 'glorotNormal', useFused: true });

/** A layer whose calls are large enough for threads: what it computes, and its gradients. */
function training(): () => Float32Array[] {
  const made = layer();
  const x = randomTensor([8, 10, 48], 3);
  made.build([8, 10, 48]);
  const variables = made.trainableWeights.map((weight) => weight.read() as tf.Variable);
  return () =>
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(() => tf.sum(tf.square(made.apply(x) as tf.Tensor)), variables);
      return [value, ...Object.values(grads)].map((tensor) => tensor.dataSync() as Float32Array);
    });
}

test.each([0, -1, 1.5, Number.NaN, 65, '2', undefined, null])('setThreads(%p) is an error', async (n) => {
  await expect(setThreads(n as number)).rejects.toThrow(/^setThreads: n must be an integer from 1 to 64, got /);
});

test('options are checked', async () => {
  await expect(setThreads(2, { worker: 3 as never })).rejects.toThrow(/worker must be a URL or a string, got 3/);
});

test('it resolves to how many there are, and calls use them', async () => {
  const train = training();
  const expected = train();
  const run = jest.spyOn(WorkerPool.prototype, 'run');
  expect(await setThreads(2)).toBe(2);
  expect(train()).toEqual(expected);
  expect(run).toHaveBeenCalled();
  expect(await setThreads(3)).toBe(3);
  expect(train()).toEqual(expected);
  const calls = run.mock.calls.length;
  expect(await setThreads(1)).toBe(1);
  expect(train()).toEqual(expected);
  expect(run.mock.calls.length).toBe(calls);
  expect(warn).not.toHaveBeenCalled();
});

test('calls of it that overlap follow one another', async () => {
  expect(await Promise.all([setThreads(2), setThreads(1), setThreads(3)])).toEqual([2, 1, 3]);
});

test('without memory that threads can share there is one, and a reason', async () => {
  const { SharedArrayBuffer: kept } = globalThis;
  Reflect.deleteProperty(globalThis, 'SharedArrayBuffer');
  try {
    expect(await setThreads(2)).toBe(1);
    expect(warn).toHaveBeenCalledWith(expect.stringMatching(/only one thread: there is no SharedArrayBuffer here/));
  } finally {
    globalThis.SharedArrayBuffer = kept;
  }
});

test('where workers cannot be started there is one, and a reason', async () => {
  jest.spyOn(workers, 'startWorker').mockImplementation(() => {
    throw new Error('no workers today');
  });
  expect(await setThreads(2)).toBe(1);
  expect(warn).toHaveBeenCalledWith(expect.stringMatching(/only one thread: Error: no workers today/));
});

describe('A worker that dies', () => {
  /** The workers, as they are started. */
  function collectWorkers(): workers.ThreadWorker[] {
    const started: workers.ThreadWorker[] = [];
    const { startWorker } = workers;
    jest.spyOn(workers, 'startWorker').mockImplementation((onLost, script) => {
      const worker = startWorker(onLost, script);
      started.push(worker);
      return worker;
    });
    return started;
  }

  test('between calls leaves a correct result, and one thread', async () => {
    const train = training();
    const expected = train();
    const started = collectWorkers();
    expect(await setThreads(3)).toBe(3);
    started[1]?.end();
    expect(train()).toEqual(expected);
    while (warn.mock.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(warn).toHaveBeenCalledWith(expect.stringMatching(/a thread was lost/));
    const run = jest.spyOn(WorkerPool.prototype, 'run');
    expect(train()).toEqual(expected);
    expect(run).not.toHaveBeenCalled();
    expect(await setThreads(2)).toBe(2);
    expect(train()).toEqual(expected);
    expect(run).toHaveBeenCalled();
  });

  test('that never ends its job leaves a correct result, and one thread', async () => {
    const train = training();
    const expected = train();
    const started = collectWorkers();
    expect(await setThreads(2)).toBe(2);
    // It takes its jobs up, as far as anybody can see, and does nothing.
    started[0]?.end();
    const exchange = Atomics.compareExchange as (words: Int32Array, at: number, old: number, value: number) => number;
    jest.spyOn(Atomics, 'compareExchange').mockImplementation(((words, at, old, value) => {
      exchange(words, at, old, RUNNING);
      return value;
    }) as typeof exchange as typeof Atomics.compareExchange);
    expect(train()).toEqual(expected);
    expect(warn).toHaveBeenCalledWith(expect.stringMatching(/a thread was lost \(a worker has stopped\)/));
  });
});

test('workers keep no process alive', () => {
  const program = `
    import * as tf from '@tensorflow/tfjs';
    import { lstm, setThreads } from './src/index.ts';
    console.log(await setThreads(3));
    const layer = lstm({ units: 64, useFused: true });
    tf.tidy(() => console.log(layer.apply(tf.ones([8, 10, 48])).shape.join()));
  `;
  const { stdout, status, signal } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', program],
    { encoding: 'utf8', timeout: 120_000 },
  );
  expect({ lines: stdout.trim().split('\n').slice(-2), status, signal }).toEqual({
    lines: ['3', '8,64'],
    status: 0,
    signal: null,
  });
}, 150_000);
