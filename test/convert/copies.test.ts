import * as tf from '@tensorflow/tfjs';
import { toBuiltIn, toExplicit } from '../../src/convert/index';
import { LSTM, lstm } from '../../src/index';
import { useBackend } from '../../tools/backends';
import {
  builtIn,
  dense,
  expectClose,
  predict,
  randomInputs,
  randomizeWeights,
  type Symbolic,
  topology,
  weightValues,
} from './support/models';

beforeAll(() => useBackend('cpu'));

test('weights that break their constraint are copied as they are', () => {
  const kernelConstraint = tf.constraints.minMaxNorm({ minValue: 0.1, maxValue: 0.2, rate: 0.5, axis: 0 });
  const model = tf.sequential({ layers: [builtIn({ units: 3, kernelConstraint, inputShape: [5, 3] })] });
  ((model.weights[0] as tf.LayerVariable).read() as tf.Variable).assign(tf.fill([3, 12], 5));
  expect(weightValues(toExplicit(model))).toEqual(weightValues(model));
});

test('no weight is initialized only to be overwritten, and weights that come later are', () => {
  class Counted extends tf.serialization.Serializable {
    static readonly className = 'TestCounted';
    static calls = 0;
    apply(shape: tf.Shape): tf.Tensor {
      Counted.calls += 1;
      return tf.ones(shape as number[]);
    }
    getConfig() {
      return {};
    }
  }
  class Late extends tf.layers.Layer {
    static readonly className = 'TestLate';
    override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
      const late = this.addWeight('late', [3], 'float32', new Counted() as never);
      return tf.mul([inputs].flat()[0] as tf.Tensor, late.read());
    }
  }
  tf.serialization.registerClass(Counted as never);
  const recurrentInitializer = 'TestCounted' as never;
  const cell = [1, 2].map(() => tf.layers.lstmCell({ units: 3, recurrentInitializer }));
  const rnn = tf.layers.rnn({ cell, inputShape: [5, 3] } as tf.RNNLayerArgs);
  const model = tf.sequential({ layers: [rnn, new Late({})] });
  randomizeWeights(model);
  Counted.calls = 0;
  const copy = toExplicit(model);
  expect(Counted.calls).toBe(0);
  expectClose(predict(copy, [tf.ones([1, 5, 3])]), predict(model, [tf.ones([1, 5, 3])]));
});

test('a model that has run with masks, which tfjs notes down with its calls, is converted', () => {
  const innerInput = tf.input({ shape: [5, 3] });
  const masked = tf.layers.masking().apply(innerInput);
  const inner = tf.model({ inputs: innerInput, outputs: builtIn({ units: 4 }).apply(masked) as Symbolic });
  const x = tf.input({ shape: [5, 3], name: 'tokens' });
  const model = tf.model({ inputs: x, outputs: inner.apply(x) as Symbolic });
  randomizeWeights(model);
  const inputs = randomInputs(model);
  tf.tidy(() => void inner.computeMask(inputs));
  const copy = toExplicit(model);
  expectClose(predict(copy, inputs), predict(model, inputs));
  tf.tidy(() => void copy.getLayer(inner.name).computeMask(inputs));
});

test("a user's class of models with a fromConfig of its own is re-created by that", () => {
  class Titled extends tf.LayersModel {
    static override readonly className = 'TestTitled';
    title = 'untitled';
    static override fromConfig<T extends tf.serialization.Serializable>(
      cls: tf.serialization.SerializableConstructor<T>,
      config: tf.serialization.ConfigDict,
    ): T {
      return Object.assign(tf.LayersModel.fromConfig(cls, config), { title: config.title });
    }
    override getConfig() {
      return { ...super.getConfig(), title: this.title };
    }
  }
  const x = tf.input({ shape: [5, 3] });
  const titled = new Titled({ inputs: x, outputs: builtIn({ units: 4, name: 'l' }).apply(x) as Symbolic });
  titled.title = 'of its own';
  randomizeWeights(titled);
  const copy = toExplicit(titled) as Titled;
  expect(copy).toBeInstanceOf(Titled);
  expect(copy.title).toBe('of its own');
  expect(copy.getLayer('l')).toBeInstanceOf(LSTM);
  expectClose(predict(copy, randomInputs(titled)), predict(titled, randomInputs(titled)));
});

test("a layer's arguments that JSON cannot hold are kept", () => {
  class Clip extends tf.layers.Layer {
    static readonly className = 'TestClip';
    constructor(private readonly args: { most: number; map: (x: tf.Tensor) => tf.Tensor; name?: string }) {
      super(args as never);
    }
    override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
      return tf.minimum(this.args.map([inputs].flat()[0] as tf.Tensor), this.args.most);
    }
    override getConfig() {
      return { ...super.getConfig(), ...this.args } as never;
    }
  }
  const clip = new Clip({ most: Number.POSITIVE_INFINITY, map: (x) => tf.mul(x, 3) });
  const model = tf.sequential({ layers: [builtIn({ units: 3, inputShape: [5, 3] }), clip] });
  expectClose(predict(toExplicit(model), randomInputs(model)), predict(model, randomInputs(model)));
});

test('a model with explicit LSTMs of all arguments is copied by toExplicit', () => {
  const args = { units: 3, returnGates: true, zeroOutputForMask: true, activityRegularizer: 'l1l2', seed: 4 } as const;
  const x = tf.input({ shape: [5, 3] });
  const model = tf.model({ inputs: x, outputs: lstm({ ...args, useFused: false }).apply(x) as Symbolic[] });
  randomizeWeights(model);
  const copy = toExplicit(model);
  expect(topology(copy)).toBe(topology(model));
  expectClose(predict(copy, randomInputs(model)), predict(model, randomInputs(model)));
});

test('a model is saved, loaded and converted back', async () => {
  const save = async (model: tf.LayersModel) => {
    let saved: tf.io.ModelArtifacts | undefined;
    await model.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
      }),
    );
    return tf.loadLayersModel(tf.io.fromMemory(saved as tf.io.ModelArtifacts));
  };
  const model = tf.sequential({ layers: [builtIn({ units: 4, inputShape: [5, 3] }), dense(2)] });
  randomizeWeights(model);
  const inputs = randomInputs(model);
  const explicit = await save(toExplicit(model));
  const back = await save(toBuiltIn(explicit));
  for (const loaded of [explicit, back]) expectClose(predict(loaded, inputs), predict(model, inputs));
});
