import * as tf from '@tensorflow/tfjs';
import { traceModel, traceModelBatches } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { builtIn, type Symbolic } from '../../convert/support/models.js';
import { expectClose } from '../../support/close.js';
import { randomTensor } from '../../support/random.js';
import { CASES, MADE } from '../support/kinds.js';
import { fingerprint, nameOf, SEQUENCES } from '../support/traced.js';

const SAMPLES = 7;

function modelOf(kind: keyof typeof MADE): tf.LayersModel {
  const [a, b] = [tf.input({ shape: [5, 3], name: 'a' }), tf.input({ shape: [4], name: 'b' })];
  const states = [b, tf.layers.dense({ units: 4 }).apply(b) as Symbolic];
  const layer = builtIn({ units: 4, returnSequences: true });
  const outputs = layer.apply(a, { initialState: states } as never) as Symbolic;
  const model = tf.model({ inputs: [a, b], outputs: builtIn({ units: 3 }).apply(outputs) as Symbolic });
  return MADE[kind](model);
}

/** Tensors outside of any scope, which awaiting code cannot use. */
function inputsOf(): [tf.Tensor, tf.Tensor] {
  return [randomTensor([SAMPLES, 5, 3], 1), randomTensor([SAMPLES, 4], 2)];
}

describe.each(CASES)('On %s, traceModelBatches of %s layers', (backend, kind) => {
  beforeAll(() => useBackend(backend));

  test.each([1, 3, 7, 100])('gives the traces of all samples in batches of %i', async (batchSize) => {
    const model = modelOf(kind);
    const inputs = inputsOf();
    const whole = traceModel(model, inputs, { units: [2, 0] });
    const ranges: number[][] = [];
    const { numTensors } = tf.memory();
    await traceModelBatches(
      model,
      { b: inputs[1], a: inputs[0] },
      {
        batchSize,
        units: [2, 0],
        onBatch: async (traces, { start, end }) => {
          await Promise.resolve();
          ranges.push([start, end]);
          expect(traces.map(nameOf)).toEqual(whole.map(nameOf));
          tf.tidy(() => {
            for (const [n, { trace }] of traces.entries()) {
              for (const quantity of SEQUENCES) {
                expectClose(trace[quantity], tf.slice(whole[n]!.trace[quantity], [start, 0, 0], [end - start, -1, -1]));
              }
            }
          });
        },
      },
    );
    expect(tf.memory().numTensors).toBe(numTensors);
    const starts = Array.from({ length: Math.ceil(SAMPLES / batchSize) }, (_, n) => n * batchSize);
    expect(ranges).toEqual(starts.map((start) => [start, Math.min(start + batchSize, SAMPLES)]));
  });

  test('leaves nothing behind when onBatch throws or rejects, and passes the error on', async () => {
    const model = modelOf(kind);
    const inputs = inputsOf();
    const before = fingerprint(model);
    const { numTensors } = tf.memory();
    for (const onBatch of [
      () => {
        throw new Error('enough');
      },
      () => Promise.reject(new Error('enough')),
    ]) {
      await expect(traceModelBatches(model, inputs, { batchSize: 3, onBatch })).rejects.toThrow('enough');
      expect(tf.memory().numTensors).toBe(numTensors);
      expect(fingerprint(model)).toEqual(before);
    }
  });

  test('stops after the batch in which its signal aborts, and leaves nothing behind', async () => {
    const model = modelOf(kind);
    const inputs = inputsOf();
    const { numTensors } = tf.memory();
    const controller = new AbortController();
    const starts: number[] = [];
    const onBatch = async (_traces: unknown, { start }: { start: number }) => {
      starts.push(start);
      if (start === 3) controller.abort(new Error('no more'));
    };
    const { signal } = controller;
    await expect(traceModelBatches(model, inputs, { batchSize: 3, onBatch, signal })).rejects.toThrow('no more');
    await expect(traceModelBatches(model, inputs, { onBatch, signal })).rejects.toThrow('no more');
    expect(starts).toEqual([0, 3]);
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

describe('traceModelBatches', () => {
  const onBatch = () => {};
  beforeAll(() => useBackend('cpu'));

  test('takes 32 samples at a time unless told otherwise', async () => {
    const model = tf.sequential({ layers: [builtIn({ units: 2, inputShape: [2, 1] })] });
    const ends: number[] = [];
    await traceModelBatches(model, tf.ones([40, 2, 1]), { onBatch: (_, { end }) => ends.push(end) });
    expect(ends).toEqual([32, 40]);
  });

  test.each([0, -1, 2.5, Number.NaN, '3'])('refuses %p for a batch size', async (batchSize) => {
    const model = modelOf('built-in');
    const run = traceModelBatches(model, inputsOf(), { batchSize: batchSize as number, onBatch });
    await expect(run).rejects.toThrow('traceModelBatches: batchSize must be a positive integer, got');
  });

  test('refuses a stateful model, and says which layer is', async () => {
    const layer = tf.layers.gru({ units: 2, stateful: true, returnSequences: true, name: 'memory' });
    const input = tf.layers.inputLayer({ batchInputShape: [3, 5, 3] });
    const model = tf.sequential({ layers: [input, layer, builtIn({ units: 2 })] });
    const run = traceModelBatches(model, tf.ones([6, 5, 3]), { batchSize: 3, onBatch });
    await expect(run).rejects.toThrow(/traceModelBatches: model must not be stateful, .* \(layer 'memory'\)/);
  });

  test('takes only whole batches of the size that a model is built for', async () => {
    const model = tf.sequential({ layers: [builtIn({ units: 2, batchInputShape: [3, 5, 3] } as tf.LSTMLayerArgs)] });
    const run = (samples: number, batchSize: number) =>
      traceModelBatches(model, tf.ones([samples, 5, 3]), { batchSize, onBatch });
    await run(6, 3);
    await expect(run(7, 3)).rejects.toThrow('batchSize must be 3, which the model is built for, and must divide');
    await expect(run(6, 2)).rejects.toThrow('batchSize must be 3, which the model is built for, and must divide');
  });

  test('refuses to run without a function for the batches', async () => {
    const run = traceModelBatches(modelOf('built-in'), inputsOf(), {} as never);
    await expect(run).rejects.toThrow('traceModelBatches: onBatch must be a function, got undefined');
  });
});
