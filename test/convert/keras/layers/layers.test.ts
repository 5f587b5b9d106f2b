import * as tf from '@tensorflow/tfjs';
import '../../../../src/convert/index.js';
import { KERAS_ACTIVATIONS } from '../../../../src/convert/keras/layers/activations.js';
import { expectAllClose, expectClose } from '../../../support/close.js';
import { type LayerFixture, layerFixtures, tensorOf } from '../../../support/model-fixtures.js';

/** A mask that comes from elsewhere, as an Embedding's would. */
class GivenMask extends tf.layers.Layer {
  static readonly className = 'GivenMask';

  constructor(args: ConstructorParameters<typeof tf.layers.Layer>[0]) {
    super(args);
    this.supportsMasking = true;
  }

  override computeOutputShape(shape: tf.Shape | tf.Shape[]): tf.Shape {
    return (shape as tf.Shape[])[0] as tf.Shape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return (inputs as tf.Tensor[])[0] as tf.Tensor;
  }

  override computeMask(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => tf.notEqual((inputs as tf.Tensor[])[1] as tf.Tensor, 0));
  }
}
tf.serialization.registerClass(GivenMask);

const CASES = layerFixtures();

function modelOf({ className, config, inputs, mask, weights }: LayerFixture): tf.LayersModel {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  const [layerClass, fromConfig] = classNameMap[className]!;
  const layer = fromConfig(layerClass, config as tf.serialization.ConfigDict) as tf.layers.Layer;
  const symbolic = inputs.map(({ shape }) => tf.input({ shape: shape.slice(1) }));
  const given = mask === undefined ? [] : [tf.input({ shape: mask.shape.slice(1) })];
  const x = mask === undefined ? symbolic : [new GivenMask({}).apply([...symbolic, ...given]) as tf.SymbolicTensor];
  const output = layer.apply(x.length === 1 ? (x[0] as tf.SymbolicTensor) : x) as tf.SymbolicTensor;
  const model = tf.model({ inputs: [...symbolic, ...given], outputs: output });
  expect(output.shape.slice(1)).toEqual(model.outputs[0]?.shape.slice(1));
  tf.tidy(() => layer.setWeights((weights ?? []).map(tensorOf)));
  return model;
}

const inputsOf = ({ inputs, mask }: LayerFixture) => [...inputs, ...(mask === undefined ? [] : [mask])].map(tensorOf);

describe.each(CASES.map((fixture) => ({ title: `${fixture.className}, ${fixture.keras}`, fixture })))(
  'the layer for Keras: $title',
  ({ fixture }) => {
    it('computes what Keras computes, and says so of its shape', () => {
      const model = modelOf(fixture);
      const before = tf.memory().numTensors;
      tf.tidy(() => {
        const output = model.predict(inputsOf(fixture)) as tf.Tensor;
        expectClose(output, tensorOf(fixture.output));
        // A GLU halves its input, which a layer does not know of its activation.
        if (fixture.keras !== 'glu') expect(model.outputs[0]?.shape.slice(1)).toEqual(output.shape.slice(1));
      });
      expect(tf.memory().numTensors).toBe(before);
      model.dispose();
    });

    it("has Keras's gradients", () => {
      const model = modelOf(fixture);
      const before = tf.memory().numTensors;
      tf.tidy(() => {
        const [xs, mask] = [fixture.inputs.map(tensorOf), fixture.mask];
        const loss = (...given: tf.Tensor[]) => {
          const all = mask === undefined ? given : [...given, tensorOf(mask)];
          return tf.sum(
            tf.mul(
              model.apply(all.length === 1 ? (all[0] as tf.Tensor) : all) as tf.Tensor,
              tensorOf(fixture.cotangent),
            ),
          );
        };
        expectAllClose(tf.grads(loss as () => tf.Scalar)(xs), fixture.gradients.map(tensorOf));
      });
      expect(tf.memory().numTensors).toBe(before);
      model.dispose();
    });

    it('is saved with its model, and comes back', async () => {
      const model = modelOf(fixture);
      let artifacts: tf.io.ModelArtifacts = {};
      await model.save(
        tf.io.withSaveHandler(async (saved) => {
          artifacts = saved;
          return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
        }),
      );
      const json = JSON.parse(JSON.stringify(artifacts.modelTopology));
      const loaded = await tf.loadLayersModel(tf.io.fromMemory({ ...artifacts, modelTopology: json }));
      tf.tidy(() => expectClose(loaded.predict(inputsOf(fixture)) as tf.Tensor, tensorOf(fixture.output)));
      model.dispose();
      loaded.dispose();
    });
  },
);

it('Keras has a number for each activation that is added', () => {
  const tested = CASES.map(({ config }) => config.activation);
  expect(Object.keys(KERAS_ACTIVATIONS).filter((name) => !tested.includes(name))).toEqual([]);
});

it('each activation has a value for an axis of one, and sparsemax leaves nothing to others', () => {
  tf.tidy(() => {
    const x = tf.tensor2d([[-3], [0.4], [2]]);
    // It halves the axis.
    const { glu: _, ...others } = KERAS_ACTIVATIONS;
    for (const apply of Object.values(others)) expect(apply(x).shape).toEqual([3, 1]);
    expectClose(KERAS_ACTIVATIONS.sparsemax(x), tf.ones([3, 1]));
  });
});
