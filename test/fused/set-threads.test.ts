import { spawnSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs';
import { useThreads } from '../../src/fused/wasm/heap.js';
import { Arena } from '../../src/fused/wasm/threads/arena.js';
import { POSTED, RUNNING } from '../../src/fused/wasm/threads/control.js';
import { WorkerPool } from '../../src/fused/wasm/threads/pool.js';
import { WORKER_SCRIPT } from '../../src/fused/wasm/threads/worker-script.js';
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
  const x = randomTensor([8, 20, 48], 3);
  made.build([8, 20, 48]);
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

describe('Over many changes and calls', () => {
  test('no worker, no tensor and no memory is left behind', async () => {
    const train = training();
    const expected = train();
    let [started, ended] = [0, 0];
    const { startWorker } = workers;
    jest.spyOn(workers, 'startWorker').mockImplementation((onLost, script) => {
      started++;
      return startWorker((reason) => {
        ended++;
        onLost(reason);
      }, script);
    });
    const { numTensors, numBytes } = tf.memory();
    for (const n of [2, 1, 3, 2, 3, 1]) {
      expect(await setThreads(n)).toBe(n);
      for (let call = 0; call < 3; call++) expect(train()).toEqual(expected);
      expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    }
    while (ended < started) await new Promise((resolve) => setTimeout(resolve, 10));
    expect([started, ended]).toEqual([6, 6]);
    expect(warn).not.toHaveBeenCalled();
  });

  test('the memory that threads share does not grow, whether weights change or stay', async () => {
    await setThreads(2);
    const arenas = new Set<Arena>();
    const { release } = Arena.prototype;
    jest.spyOn(Arena.prototype, 'release').mockImplementation(function (this: Arena) {
      arenas.add(this);
      release.call(this);
    });
    const made = layer();
    made.build([8, 20, 48]);
    const variables = made.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const optimizer = tf.train.sgd(0.01);
    const step = (seed: number) =>
      tf.tidy(() => {
        const x = randomTensor([8, 20, 48], seed);
        optimizer.minimize(() => tf.mean(tf.square(made.apply(x) as tf.Tensor)), false, variables);
        for (let call = 0; call < 3; call++) made.apply(x);
      });
    const sizes: number[] = [];
    for (let n = 0; n < 40; n++) {
      step(n);
      sizes.push([...arenas].reduce((sum, { memory }) => sum + memory.buffer.byteLength, 0));
    }
    expect(arenas.size).toBe(1);
    expect(sizes[39]).toBe(sizes[9]);
    optimizer.dispose();
    tf.dispose(variables);
  });
});

test('what the forward pass has kept is there for the backward pass, though the threads have ended meanwhile', async () => {
  const made = layer();
  const x = randomTensor([8, 20, 48], 3);
  made.build([8, 20, 48]);
  const variables = made.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const gradients = (meanwhile: () => void) =>
    tf.tidy(() => {
      const loss = () => {
        const value = tf.sum(tf.square(made.apply(x) as tf.Tensor)) as tf.Scalar;
        meanwhile();
        return value;
      };
      return Object.values(tf.variableGrads(loss, variables).grads).map((tensor) => tensor.dataSync());
    });
  const expected = gradients(() => {});
  await setThreads(2);
  const run = jest.spyOn(WorkerPool.prototype, 'run');
  expect(gradients(() => useThreads(null))).toEqual(expected);
  expect(run.mock.calls.map(([, name]) => name)).toEqual(['forward']);
  tf.dispose([x, ...variables]);
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

test('where only some workers can be started, they are ended', async () => {
  const end = jest.fn();
  jest
    .spyOn(workers, 'startWorker')
    .mockReturnValueOnce({ send: jest.fn(), end })
    .mockImplementation(() => {
      throw new Error('one is enough');
    });
  expect(await setThreads(3)).toBe(1);
  expect(end).toHaveBeenCalledTimes(1);
  expect(warn).toHaveBeenCalledWith(expect.stringMatching(/only one thread: Error: one is enough/));
});

test('workers that may not run WebAssembly are ended, and there is one thread', async () => {
  const started = jest
    .spyOn(workers, 'startWorker')
    .mockImplementation((onLost) =>
      startWith("WebAssembly.Instance = function () { throw new Error('forbidden'); };", onLost),
    );
  expect(await setThreads(2)).toBe(1);
  expect(started).toHaveBeenCalledTimes(1);
  expect(warn).toHaveBeenCalledWith(expect.stringMatching(/only one thread: they may not run WebAssembly/));
});

/** A worker with something before its script. */
function startWith(before: string, onLost: (reason: string) => void): workers.ThreadWorker {
  const worker = new Worker(before + WORKER_SCRIPT, { eval: true, execArgv: [] });
  worker.unref();
  worker.on('exit', () => onLost('it ended'));
  return { send: (message) => worker.postMessage(message), end: () => void worker.terminate() };
}

describe('A worker that dies', () => {
  test('between calls leaves a correct result, and one thread', async () => {
    const train = training();
    const expected = train();
    const started: workers.ThreadWorker[] = [];
    const { startWorker } = workers;
    jest.spyOn(workers, 'startWorker').mockImplementation((onLost, script) => {
      const worker = startWorker(onLost, script);
      started.push(worker);
      return worker;
    });
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

  test.each([
    ['as soon as it has one', 1],
    ['after some', 3],
  ])('in the middle of its job, %s, leaves a correct result, and one thread', async (_when, jobs) => {
    const train = training();
    const expected = train();
    jest.spyOn(workers, 'startWorker').mockImplementation((onLost) =>
      startWith(
        `let jobs = 0;
        const exchange = Atomics.compareExchange;
        Atomics.compareExchange = (...all) => {
          const old = exchange(...all);
          if (old === ${POSTED} && ++jobs === ${jobs}) process.exit();
          return old;
        };`,
        onLost,
      ),
    );
    expect(await setThreads(2)).toBe(2);
    // On a busy machine it may come too late for many a job.
    while (warn.mock.calls.length === 0) {
      expect(train()).toEqual(expected);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(warn).toHaveBeenCalledWith(expect.stringMatching(/a thread was lost/));
    const run = jest.spyOn(WorkerPool.prototype, 'run');
    expect(train()).toEqual(expected);
    expect(run).not.toHaveBeenCalled();
  });

  test('that never ends its job leaves a correct result, and one thread', async () => {
    const train = training();
    const expected = train();
    expect(await setThreads(2)).toBe(2);
    // It has taken its jobs up, as far as anybody can see, and does nothing.
    const store = Atomics.store as (words: Int32Array, at: number, value: number) => number;
    jest
      .spyOn(Atomics, 'store')
      .mockImplementation(((words, at, value) =>
        store(words, at, value === POSTED ? RUNNING : value)) as typeof store as typeof Atomics.store);
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
    tf.tidy(() => console.log(layer.apply(tf.ones([8, 20, 48])).shape.join()));
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
