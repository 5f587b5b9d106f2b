import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../../src/index.js';
import { gradientFlowModel } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';
import { fingerprint } from '../support/traced.js';

/** A layer of one's own; `call` is what it does. */
class Doing extends tf.layers.Layer {
  static readonly className = 'Doing';
  constructor(private readonly compute: (x: tf.Tensor) => tf.Tensor) {
    super({});
  }
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return this.compute([inputs].flat()[0]!);
  }
}

const X = () => randomTensor<tf.Rank.R3>([4, 5, 3], 1);
const Y = () => randomTensor([4, 2], 2);

function modelWith(...layers: tf.layers.Layer[]): tf.LayersModel {
  const last = tf.layers.dense({ units: 2, name: 'last' });
  const model = tf.sequential({ name: 'small', layers: [lstm({ units: 4, inputShape: [5, 3] }), ...layers, last] });
  randomizeWeights(model, 3);
  return model;
}

const compiled = (...layers: tf.layers.Layer[]) => {
  const model = modelWith(...layers);
  model.compile({ loss: 'meanSquaredError', optimizer: 'sgd' });
  return model;
};

const throwing = () => {
  throw new Error('no loss today');
};

describe('gradientFlowModel refuses, leaving the model and the number of tensors as they were,', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  const withoutLSTM = () => tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3] })] });
  const calls: [string, () => tf.LayersModel, (model: tf.LayersModel) => unknown, RegExp][] = [
    [
      'a model without an LSTM',
      withoutLSTM,
      (model) => gradientFlowModel(model, X(), Y()),
      /^gradientFlowModel: model must have an LSTM/,
    ],
    [
      'a model without a loss',
      modelWith,
      (model) => gradientFlowModel(model, X(), Y()),
      /^gradientFlowModel: the model must be compiled, or a loss must be given \(layer 'small'\)/,
    ],
    [
      'an unknown loss',
      modelWith,
      (model) => gradientFlowModel(model, X(), Y(), { loss: 'mse2' }),
      /^gradientFlowModel: loss must be one that compile accepts \(Unknown loss mse2\), got 'mse2'/,
    ],
    [
      'losses of another number',
      modelWith,
      (model) => gradientFlowModel(model, X(), Y(), { loss: ['meanSquaredError', 'hinge'] }),
      /^gradientFlowModel: loss must be one that compile accepts/,
    ],
    [
      'losses by the names of outputs, of which one is missing',
      compiled,
      (model) => gradientFlowModel(model, X(), Y(), { loss: {} }),
      /^gradientFlowModel: loss must have an entry for the output 'last'/,
    ],
    [
      'a loss that is none, in a list of one for each output',
      modelWith,
      (model) => gradientFlowModel(model, X(), Y(), { loss: [null] as never }),
      /^gradientFlowModel: loss must have an entry for the output 'last'/,
    ],
    [
      'a loss for an output that there is not',
      modelWith,
      (model) => gradientFlowModel(model, X(), Y(), { loss: { other: 'hinge' } as never }),
      /^gradientFlowModel: loss must be one that compile accepts/,
    ],
    [
      'inputs of another shape',
      compiled,
      (model) => gradientFlowModel(model, tf.ones([4, 5, 2]), Y()),
      /^gradientFlowModel: input .* must be \[B, 5, 3\]/,
    ],
    [
      'labels of another shape',
      compiled,
      (model) => gradientFlowModel(model, X(), tf.ones([4, 3])),
      /^gradientFlowModel: labels 'last' must be \[4, 2\], got \[4, 3\]/,
    ],
    [
      'labels of another number of samples',
      compiled,
      (model) => gradientFlowModel(model, X(), tf.ones([3, 2])),
      /^gradientFlowModel: labels 'last' must be \[4, 2\], got \[3, 2\]/,
    ],
    [
      'classes by number for each of which there is a number more',
      modelWith,
      (model) => gradientFlowModel(model, X(), tf.ones([4, 2]), { loss: 'sparseCategoricalCrossentropy' }),
      /^gradientFlowModel: labels 'last' must be \[4, 1\], got \[4, 2\]/,
    ],
    [
      'labels of another number',
      compiled,
      (model) => gradientFlowModel(model, X(), [Y(), Y()]),
      /^gradientFlowModel: labels must be a tensor, for 'last'/,
    ],
    [
      'labels that are no tensors',
      compiled,
      (model) => gradientFlowModel(model, X(), 3 as never),
      /^gradientFlowModel: labels 'last' must be a concrete tensor, got 3/,
    ],
    [
      'labels by a name that there is not',
      compiled,
      (model) => gradientFlowModel(model, X(), { first: Y() }),
      /^gradientFlowModel: labels by name must have each of 'last', got \['first'\]/,
    ],
    [
      'sample weights of another shape',
      compiled,
      (model) => gradientFlowModel(model, X(), Y(), { sampleWeight: tf.ones([3]) }),
      /^gradientFlowModel: sampleWeight 'last' must be \[B\] = \[4\], got \[3\]/,
    ],
    [
      'an option spelt otherwise',
      compiled,
      (model) => gradientFlowModel(model, X(), Y(), { sample_weight: null } as never),
      /must be spelt 'sampleWeight'/,
    ],
    [
      'a loss that returns no tensor',
      modelWith,
      (model) => gradientFlowModel(model, X(), Y(), { loss: (() => 3) as never }),
      /^gradientFlowModel: loss must return a tensor, got 3/,
    ],
    [
      'a loss of no samples where samples have weights',
      modelWith,
      (model) =>
        gradientFlowModel(model, X(), Y(), { loss: (y, p) => tf.sum(tf.sub(y, p)), sampleWeight: tf.ones([4]) }),
      /^gradientFlowModel: loss must return \[B, \.\.\.\]/,
    ],
    [
      'a loss that throws, with what it throws',
      modelWith,
      (model) => gradientFlowModel(model, X(), Y(), { loss: throwing }),
      /^no loss today$/,
    ],
    [
      'a layer that throws, with what it throws',
      () => compiled(new Doing((x) => x)),
      (model) => {
        (model.layers[1] as unknown as { compute: unknown }).compute = throwing;
        return gradientFlowModel(model, X(), Y());
      },
      /^no loss today$/,
    ],
    [
      'an operation without a gradient on the way to the loss',
      () => compiled(new Doing((x) => tf.cast(tf.greater(x, 0), 'float32'))),
      (model) => gradientFlowModel(model, X(), Y()),
      /^gradientFlowModel: model must be differentiable from its LSTMs to its loss \(.*Greater\), got the Sequential 'small'/,
    ],
  ];

  test.each(calls)('%s', (_, make, call, message) => {
    const model = make();
    // A Sequential takes its final form when it first runs.
    tf.dispose(model.predict(tf.ones([1, ...(model.inputs[0]!.shape.slice(1) as number[])])));
    const before = fingerprint(model);
    const weights = model.getWeights().map((weight) => weight.arraySync());
    let thrown: unknown;
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
    const { numTensors } = tf.memory();
    tf.tidy(() => {
      try {
        call(model);
      } catch (error) {
        thrown = error;
      }
    });
    expect(() => {
      throw thrown;
    }).toThrow(message);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(fingerprint(model)).toEqual(before);
    expect(model.getWeights().map((weight) => weight.arraySync())).toEqual(weights);
  });
});
