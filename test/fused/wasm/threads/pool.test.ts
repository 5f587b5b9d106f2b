import { Worker } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs';
import { useThreads } from '../../../../src/fused/wasm/heap.js';
import { type Build, fastestBuild } from '../../../../src/fused/wasm/module.js';
import { POSTED, placeOf, STATE } from '../../../../src/fused/wasm/threads/control.js';
import * as pauses from '../../../../src/fused/wasm/threads/pause.js';
import { WorkerPool } from '../../../../src/fused/wasm/threads/pool.js';
import { WasmThreads } from '../../../../src/fused/wasm/threads/threads.js';
import { WORKER_SCRIPT } from '../../../../src/fused/wasm/threads/worker-script.js';
import * as workers from '../../../../src/fused/wasm/threads/workers.js';
import { lstm } from '../../../../src/index.js';
import { NODE_BACKENDS, useBackend } from '../../../../tools/backends.js';
import { randomTensor } from '../../../support/random.js';
import { awaitWorkers } from './support/await-workers.js';

const LONG = 1e9;

afterEach(() => {
  useThreads(null);
  jest.restoreAllMocks();
});

test.each(NODE_BACKENDS.filter((backend) => backend !== 'tensorflow'))(
  'on %s, threads meet unless there is a pause, in which the calls of one sample run on one of them',
  async (backend) => {
    await useBackend(backend);
    const layer = lstm({ units: 96, returnSequences: true, recurrentInitializer: 'glorotNormal', useFused: true });
    const x = randomTensor([1, 80, 48], 3);
    layer.build([1, 80, 48]);
    const variables = layer.trainableWeights.map((weight) => weight.read() as tf.Variable);
    const train = () =>
      tf.tidy(() => {
        const { value, grads } = tf.variableGrads(() => tf.sum(tf.square(layer.apply(x) as tf.Tensor)), variables);
        return [value, ...Object.values(grads)].map((tensor) => tensor.dataSync());
      });
    const expected = train();
    const threads = new WasmThreads(2, jest.fn());
    await threads.prepare(fastestBuild() as Build);
    const run = jest.spyOn(WorkerPool.prototype, 'run');
    // As where no others keep the cores busy.
    jest.spyOn(pauses, 'isWaitTooLong').mockReturnValue(false);
    // Over as soon as the next call begins.
    const pauseAfter = jest.spyOn(pauses, 'pauseAfter').mockReturnValue(1e-9);
    const names = () => run.mock.calls.map(([, name]) => name).sort();
    useThreads(threads);
    expect(train()).toEqual(expected);
    expect(names()).toEqual(['backward', 'biasGradient', 'forward', 'kernelGradient', 'recurrentKernelGradient']);
    pauseAfter.mockReturnValueOnce(0).mockReturnValueOnce(LONG);
    expect(train()).toEqual(expected);
    run.mockClear();
    expect(train()).toEqual(expected);
    expect(names()).toEqual([]);
    expect(pauseAfter.mock.calls.map(([, count]) => count)).toEqual([0, 1, 2, 1]);
    for (const [{ computed, waited, threads: count }] of pauseAfter.mock.calls) {
      expect(count).toBe(2);
      expect(computed).toBeGreaterThan(0);
      expect(waited).toBeGreaterThan(0);
    }
    threads.end();
    tf.dispose([x, ...variables]);
  },
);

/** Sizes of a call that threads divide by units, and meet in at the beginning and after each timestep. */
const [T, D, U] = [80, 48, 96];

test('what a call waits for others is known', async () => {
  await useBackend('wasm');
  const layer = lstm({ units: U, recurrentInitializer: 'glorotNormal', useFused: true });
  const x = randomTensor([1, T, D], 3);
  layer.apply(x);
  const threads = new WasmThreads(2, jest.fn());
  await threads.prepare(fastestBuild() as Build);
  const pauseAfter = jest.spyOn(pauses, 'pauseAfter');
  // Nobody ever hears of the job.
  jest.spyOn(WorkerPool.prototype as unknown as { post: () => void }, 'post').mockImplementation(function (
    this: WorkerPool,
  ) {
    const { control } = this as unknown as { control: Int32Array };
    Atomics.store(control, placeOf(0) + STATE, POSTED);
  });
  useThreads(threads);
  tf.dispose(layer.apply(x) as tf.Tensor);
  const [[{ waited }]] = pauseAfter.mock.calls as [[pauses.MetCall, number]];
  // It gives up a worker that does not begin after 50 ms.
  expect(waited).toBeGreaterThan(50);
  threads.end();
  tf.dispose([x, ...layer.getWeights()]);
});

/** Is late for each meeting, and counts them. */
const LATE = `
  const { workerData: words } = require('node:worker_threads');
  const { Instance } = WebAssembly;
  WebAssembly.Instance = function (module, { env }) {
    const awaitOthers = () => {
      Atomics.add(words, 0, 1);
      Atomics.wait(words, 1, 0, 20);
      env.awaitOthers();
    };
    return new Instance(module, { env: { ...env, awaitOthers } });
  };
`;

test('a call that waits longer than it can save is made on this thread alone', async () => {
  await useBackend('wasm');
  const words = new Int32Array(new SharedArrayBuffer(8));
  jest.spyOn(workers, 'startWorker').mockImplementation(() => {
    const worker = new Worker(LATE + WORKER_SCRIPT, { eval: true, execArgv: [], workerData: words });
    worker.unref();
    return { send: (message) => worker.postMessage(message), end: () => void worker.terminate() };
  });
  const layer = lstm({ units: U, returnSequences: true, recurrentInitializer: 'glorotNormal', useFused: true });
  const x = randomTensor([1, T, D], 3);
  const run = () => tf.tidy(() => (layer.apply(x) as tf.Tensor).dataSync());
  const expected = run();
  const onLost = jest.fn();
  const threads = new WasmThreads(2, onLost);
  await threads.prepare(fastestBuild() as Build);
  const pauseAfter = jest.spyOn(pauses, 'pauseAfter');
  awaitWorkers();
  useThreads(threads);
  expect(run()).toEqual(expected);
  expect(onLost).not.toHaveBeenCalled();
  expect(words[0]).toBeGreaterThan(0);
  expect(words[0]).toBeLessThan(T);
  expect(pauseAfter).toHaveBeenCalledTimes(1);
  threads.end();
  tf.dispose([x, ...layer.getWeights()]);
});
