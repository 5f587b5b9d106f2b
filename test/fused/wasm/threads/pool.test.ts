import * as tf from '@tensorflow/tfjs';
import { useThreads } from '../../../../src/fused/wasm/heap.js';
import { type Build, fastestBuild } from '../../../../src/fused/wasm/module.js';
import { POSTED, placeOf, STATE } from '../../../../src/fused/wasm/threads/control.js';
import * as pauses from '../../../../src/fused/wasm/threads/pause.js';
import { WorkerPool } from '../../../../src/fused/wasm/threads/pool.js';
import { WasmThreads } from '../../../../src/fused/wasm/threads/threads.js';
import { lstm } from '../../../../src/index.js';
import { NODE_BACKENDS, useBackend } from '../../../../tools/backends.js';
import { randomTensor } from '../../../support/random.js';

const LONG = 1e9;

afterEach(() => {
  useThreads(null);
  jest.restoreAllMocks();
});

test.each(NODE_BACKENDS.filter((backend) => backend !== 'tensorflow'))(
  'on %s, threads meet unless there is a pause, in which they still share what needs no meeting',
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
    // Over as soon as the next call begins.
    const pauseAfter = jest.spyOn(pauses, 'pauseAfter').mockReturnValue(1e-9);
    const names = () => run.mock.calls.map(([, name]) => name).sort();
    const gradients = ['biasGradient', 'kernelGradient', 'recurrentKernelGradient'];
    useThreads(threads);
    expect(train()).toEqual(expected);
    expect(names()).toEqual(['forward', 'backward', ...gradients].sort());
    pauseAfter.mockReturnValueOnce(0).mockReturnValueOnce(LONG);
    expect(train()).toEqual(expected);
    run.mockClear();
    expect(train()).toEqual(expected);
    expect(names()).toEqual(gradients);
    expect(pauseAfter.mock.calls.map(([, count]) => count)).toEqual([0, 1, 2, 0]);
    for (const [{ milliseconds, waited, threads: count }] of pauseAfter.mock.calls) {
      expect(count).toBe(2);
      expect(milliseconds).toBeGreaterThan(0);
      expect(waited).toBeGreaterThanOrEqual(0);
      expect(waited).toBeLessThanOrEqual(milliseconds);
    }
    threads.end();
    tf.dispose([x, ...variables]);
  },
);

test('what a call waits for others is known', async () => {
  await useBackend('wasm');
  const layer = lstm({ units: 96, recurrentInitializer: 'glorotNormal', useFused: true });
  const x = randomTensor([1, 80, 48], 3);
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
  const [[{ milliseconds, waited }]] = pauseAfter.mock.calls as [[pauses.MetCall, number]];
  // It gives up a worker that does not begin after 50 ms.
  expect(waited).toBeGreaterThan(50);
  expect(waited).toBeLessThanOrEqual(milliseconds);
  expect(pauseAfter.mock.results[0]?.value).toBe(milliseconds);
  threads.end();
  tf.dispose([x, ...layer.getWeights()]);
});
