import * as tf from '@tensorflow/tfjs';
import { accelerateBuiltIn, enableEmbeddingTraining } from '../../src/index.js';
import { type NodeBackend, useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

/** What a computation gives on the cpu backend, and on wasm with the op that is missing there. */
async function onBoth(compute: () => tf.Tensor[] | Promise<tf.Tensor[]>): Promise<{ cpu: Read[]; wasm: Read[] }> {
  const on = async (backend: NodeBackend) => {
    await useBackend(backend);
    const before = tf.memory().numTensors;
    const tensors = await compute();
    const read = await Promise.all(
      tensors.map(async (tensor) => ({ shape: tensor.shape, dtype: tensor.dtype, values: [...(await tensor.data())] })),
    );
    tf.dispose(tensors);
    expect(tf.memory().numTensors).toBe(before);
    return read;
  };
  const cpu = await on('cpu');
  const undo = enableEmbeddingTraining();
  try {
    return { cpu, wasm: await on('wasm') };
  } finally {
    undo();
  }
}

interface Read {
  shape: number[];
  dtype: tf.DataType;
  values: number[];
}

function expectSame({ cpu, wasm }: { cpu: Read[]; wasm: Read[] }): void {
  expect(wasm.map(({ shape }) => shape)).toEqual(cpu.map(({ shape }) => shape));
  for (const [n, { values }] of wasm.entries()) {
    tf.tidy(() => expectClose(tf.tensor1d(values), tf.tensor1d(cpu[n]?.values ?? [])));
  }
}

const ids = () => tf.tensor1d([2, 0, -1, 2, 7, 0], 'int32');

describe('After enableEmbeddingTraining, on wasm', () => {
  test('the rows of each segment are summed, and those of ids without one left out', async () => {
    const both = await onBoth(() => [tf.tidy(() => tf.unsortedSegmentSum(randomTensor([6, 3, 2], 1), ids(), 4))]);
    expectSame(both);
    expect(both.wasm[0]?.values.slice(6, 12)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('integers are summed as integers', async () => {
    await useBackend('wasm');
    const undo = enableEmbeddingTraining();
    tf.tidy(() => {
      const sums = tf.unsortedSegmentSum(tf.tensor1d([1, 2, 4, 8, 16, 32], 'int32'), ids(), 3);
      expect(sums.dtype).toBe('int32');
      expect([...sums.dataSync()]).toEqual([34, 0, 9]);
      const rows = tf.unsortedSegmentSum(
        tf.tensor2d([1, 2, 4, 8, 16, 32], [3, 2], 'int32'),
        tf.tensor1d([1, 0, 1], 'int32'),
        2,
      );
      expect([...rows.dataSync()]).toEqual([4, 8, 17, 34]);
    });
    undo();
  });

  test.each([0, 1])('tf.gather along axis %i has its gradient', async (axis) => {
    const gradient = () =>
      tf.tidy(() => {
        const indices = tf.tensor1d([3, 1, 3, 0], 'int32');
        const x = randomTensor([4, 5], 2);
        return [tf.grad((table: tf.Tensor) => tf.sum(tf.square(tf.gather(table, indices, axis))))(x)];
      });
    expectSame(await onBoth(gradient));
  });

  test('a model with an embedding and accelerated LSTMs is trained as on cpu', async () => {
    const train = async () => {
      const undo = accelerateBuiltIn();
      const model = tf.sequential({
        layers: [
          tf.layers.embedding({ inputDim: 7, outputDim: 3, maskZero: true, inputLength: 5 }),
          tf.layers.lstm({ units: 4, recurrentInitializer: 'glorotNormal' }),
          tf.layers.dense({ units: 2, activation: 'softmax' }),
        ],
      });
      randomizeWeights(model, 3);
      const optimizer = tf.train.sgd(0.5);
      model.compile({ loss: 'categoricalCrossentropy', optimizer });
      const tokens = tf.tensor2d([3, 1, 4, 0, 0, 2, 6, 5, 3, 5, 6, 0, 0, 0, 0, 1, 1, 2, 3, 4], [4, 5], 'int32');
      const labels = tf.tensor2d([0, 1, 1, 0, 1, 0, 0, 1], [4, 2]);
      const { history } = await model.fit(tokens, labels, { epochs: 3, shuffle: false, verbose: 0 });
      const weights = model.getWeights().map((weight) => weight.clone());
      tf.dispose([tokens, labels]);
      model.dispose();
      optimizer.dispose();
      undo();
      return [tf.tensor1d(history.loss as number[]), ...weights];
    };
    const both = await onBoth(train);
    expectSame(both);
    const [losses] = both.wasm as [Read];
    expect(losses.values.at(-1)).toBeLessThan(losses.values[0] as number);
  });

  test('may be asked for several times, and is undone with the last of them', async () => {
    await useBackend('wasm');
    const isThere = () => tf.getKernel('UnsortedSegmentSum', 'wasm') != null;
    expect(isThere()).toBe(false);
    const undos = [enableEmbeddingTraining(), enableEmbeddingTraining()];
    undos[0]?.();
    undos[0]?.();
    expect(isThere()).toBe(true);
    undos[1]?.();
    expect(isThere()).toBe(false);
  });

  test('an op that somebody else has registered stays theirs', async () => {
    const theirs: tf.KernelConfig = { kernelName: 'UnsortedSegmentSum', backendName: 'wasm', kernelFunc: () => [] };
    tf.registerKernel(theirs);
    enableEmbeddingTraining()();
    expect(tf.getKernel('UnsortedSegmentSum', 'wasm')).toBe(theirs);
    tf.unregisterKernel('UnsortedSegmentSum', 'wasm');
  });
});
