import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../../src/index.js';
import {
  type ModelInputs,
  traceBytes,
  traceLayer,
  traceLayerBytes,
  traceModel,
  traceModelBatches,
  type UnitChoice,
} from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { builtIn, dense, type Symbolic } from '../../convert/support/models.js';
import { fingerprint } from '../support/traced.js';

function model(): tf.LayersModel {
  const [a, b] = [tf.input({ shape: [5, 3], name: 'a' }), tf.input({ shape: [null, 2], name: 'b' })];
  const outputs = [builtIn({ units: 4, name: 'one' }).apply(a), lstm({ units: 2, name: 'two' }).apply(b)] as Symbolic[];
  return tf.model({ inputs: [a, b], outputs, name: 'model' });
}

const GOOD = () => [tf.ones([2, 5, 3]), tf.ones([2, 4, 2])];

const INPUTS: [what: string, inputs: () => unknown, message: string][] = [
  ['one tensor for two inputs', () => tf.ones([2, 5, 3]), "inputs must be 2 tensors, for 'a', 'b', got a Tensor"],
  ['three tensors', () => [...GOOD(), tf.ones([1])], "inputs must be 2 tensors, for 'a', 'b', got [a Tensor"],
  ['nothing', () => undefined, "inputs must be 2 tensors, for 'a', 'b', got undefined"],
  ['a name missing', () => ({ a: GOOD()[0] }), "inputs by name must have each of 'a', 'b', got ['a']"],
  ['a wrong name', () => ({ a: GOOD()[0], c: GOOD()[1] }), "inputs by name must have each of 'a', 'b', got ['a', 'c']"],
  ['numbers', () => [[1], [2]], "input 'a' must be a concrete tensor, got [1]"],
  [
    'a symbolic tensor',
    () => [tf.input({ shape: [5, 3] }), GOOD()[1]],
    "input 'a' must be a concrete tensor, got a Symb",
  ],
  ['a wrong length', () => [tf.ones([2, 6, 3]), GOOD()[1]], "input 'a' must be [B, 5, 3], got [2, 6, 3]"],
  ['a wrong rank', () => [GOOD()[0], tf.ones([2, 2])], "input 'b' must be [B, any, 2], got [2, 2]"],
  ['different batches', () => [GOOD()[0], tf.ones([3, 4, 2])], "input 'b' must have 2 samples, as the first input has"],
  [
    'a disposed tensor',
    () => {
      const [a, b] = GOOD();
      b?.dispose();
      return [a, b];
    },
    "input 'b' must not be disposed, got a Tensor of shape [2, 4, 2]",
  ],
  ['text', () => [tf.fill([2, 5, 3], 'x' as never), GOOD()[1]], "input 'a' must hold real numbers, got 'string'"],
  [
    'no samples',
    () => [tf.ones([0, 5, 3]), tf.ones([0, 4, 2])],
    "input 'a' must have one sample or more, got [0, 5, 3]",
  ],
];

const UNITS: [units: unknown, message: string][] = [
  [[2], "units must be one or more different whole numbers from 0 to 1, got [2] (layer 'two')"],
  [[4], "units must be one or more different whole numbers from 0 to 3, got [4] (layer 'one')"],
  [[-1], 'units must be one or more different whole numbers from 0 to 3, got [-1]'],
  [[0.5], 'units must be one or more different whole numbers from 0 to 3, got [0.5]'],
  [[1, 1], 'units must be one or more different whole numbers from 0 to 3, got [1, 1]'],
  [[], 'units must be one or more different whole numbers from 0 to 3, got []'],
  [3, 'units must be an array, or arrays by layer name, got 3'],
  [{ one: [4] }, "units must be one or more different whole numbers from 0 to 3, got [4] (layer 'one')"],
  [{ three: [0] }, "units must be by layer name, one of 'one', 'two', got 'three'"],
];

type Look = (model: tf.LayersModel, inputs: ModelInputs, options?: { units?: UnitChoice }) => unknown;
const LOOKS: Record<string, Look> = {
  traceModel,
  traceBytes,
  traceModelBatches: (model, inputs, options) => traceModelBatches(model, inputs, { ...options, onBatch: () => {} }),
};

async function errorOf(run: () => unknown): Promise<Error> {
  try {
    await run();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

describe.each(Object.keys(LOOKS))('%s', (where) => {
  const look = LOOKS[where]!;
  beforeAll(() => useBackend('cpu'));

  test.each(INPUTS)('refuses inputs with %s, and leaves everything as it was', async (_what, inputs, message) => {
    const refused = model();
    const given = inputs();
    const before = fingerprint(refused);
    const { numTensors } = tf.memory();
    const error = await errorOf(() => look(refused, given as ModelInputs));
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message.startsWith(`${where}: ${message}`) || error.message.includes(message)).toBe(true);
    expect(error.message.startsWith(`${where}: `)).toBe(true);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(fingerprint(refused)).toEqual(before);
  });

  test.each(UNITS)('refuses the units %j', async (units, message) => {
    const inputs = GOOD();
    const { numTensors } = tf.memory();
    const refused = model();
    const weights = tf.memory().numTensors - numTensors;
    const error = await errorOf(() => look(refused, inputs, { units: units as UnitChoice }));
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toContain(`${where}: ${message}`);
    expect(tf.memory().numTensors).toBe(numTensors + weights);
  });

  test.each([undefined, null, 3, {}, tf.layers.dense({ units: 2 })])(
    'refuses what is not a model: %p',
    async (what) => {
      const error = await errorOf(() => look(what as unknown as tf.LayersModel, tf.ones([2, 5, 3])));
      expect(error.message).toContain(`${where}: model must be a tf.LayersModel, got`);
    },
  );

  test('says of a model without an LSTM that it has none, and what it has', async () => {
    const none = tf.sequential({ layers: [tf.layers.gru({ units: 4, inputShape: [5, 3] }), dense(2)] });
    const error = await errorOf(() => look(none, tf.ones([2, 5, 3])));
    expect(error.message).toContain(`${where}: model must have an LSTM, got ['GRU', 'Dense']`);
  });

  test('refuses a disposed model', async () => {
    const gone = model();
    gone.dispose();
    const error = await errorOf(() => look(gone, GOOD()));
    expect(error.message).toBe(`${where}: the model must not be disposed (layer 'one')`);
  });

  test('refuses a model that was never built', async () => {
    const error = await errorOf(() => look(tf.sequential({ name: 'empty' }), tf.ones([2, 5, 3])));
    expect(error.message).toBe(`${where}: the model must be built first: it has no inputs yet (layer 'empty')`);
  });
});

describe('Of chosen units', () => {
  beforeAll(() => useBackend('cpu'));

  test('each layer may have its own, and keeps all that is not named', () => {
    const shapes = traceModel(model(), GOOD(), { units: { one: [3, 0, 1] } }).map(({ trace }) => trace.f.shape);
    expect(shapes).toEqual([
      [2, 5, 3],
      [2, 4, 2],
    ]);
  });

  test.each([traceLayer, traceLayerBytes])('%p refuses unknown ones', (look) => {
    for (const layer of [builtIn({ units: 4 }), lstm({ units: 4 })]) {
      layer.apply(tf.input({ shape: [5, 3] }));
      const rule = 'units must be one or more different whole numbers from 0 to 3, got [4]';
      expect(() => look(layer, tf.ones([2, 5, 3]), { units: [4] })).toThrow(rule);
    }
  });

  test('traceLayer refuses a disposed layer', () => {
    for (const layer of [builtIn({ units: 4, name: 'gone' }), lstm({ units: 4, name: 'gone' })]) {
      tf.dispose(layer.apply(tf.ones([2, 5, 3])) as tf.Tensor);
      layer.dispose();
      const rule = "traceLayer: the layer must not be disposed (layer 'gone')";
      expect(() => traceLayer(layer, tf.ones([2, 5, 3]))).toThrow(rule);
    }
  });

  test('traceLayerBytes refuses what is not a built LSTM and an x of another rank', () => {
    const layer = lstm({ units: 4, name: 'lstm' });
    expect(() => traceLayerBytes(dense(2), tf.ones([2, 5, 3]))).toThrow('traceLayerBytes: layer must be an LSTM');
    expect(() => traceLayerBytes(layer, tf.ones([2, 5, 3]))).toThrow('traceLayerBytes: the layer must be built first');
    layer.apply(tf.input({ shape: [5, 3] }));
    expect(() => traceLayerBytes(layer, tf.ones([2, 5]))).toThrow('x must be a tensor [B, T, D], got [2, 5]');
  });
});
