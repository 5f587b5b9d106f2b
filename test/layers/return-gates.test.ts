import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../src/index.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectAllClose } from '../support/close.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [3, 5, 2, 4];
const [RATE, PENALTY] = [0.5, 0.3];

const firstOutput = (_target: tf.Tensor, output: tf.Tensor) => tf.losses.meanSquaredError(_target, output);
const l1 = (_target: tf.Tensor, gate: tf.Tensor) => tf.mul(PENALTY, tf.mean(tf.abs(gate)));

/** A model of the outputs h and f, whose loss is the error of h and an L1 penalty on the forget gate. */
function penalizedModel(): tf.LayersModel {
  const x = tf.input({ shape: [TIMESTEPS, FEATURES] });
  const layer = lstm({ units: UNITS, returnGates: true, recurrentActivation: 'sigmoid', name: 'memory' });
  const [h, , f] = layer.apply(x) as tf.SymbolicTensor[];
  return tf.model({ inputs: x, outputs: [h, f] as tf.SymbolicTensor[] });
}

function data() {
  const x = randomTensor<tf.Rank.R3>([BATCH, TIMESTEPS, FEATURES], 1);
  return { x, y: randomTensor([BATCH, UNITS], 2), ignored: tf.zeros([BATCH, TIMESTEPS, UNITS]) };
}

/** One step of gradient descent, with the penalty as given, by tf.variableGrads on the layer's own steps. */
function weightsAfterStep(layer: ReturnType<typeof lstm>, penalty: number): tf.Tensor[] {
  const { x, y } = data();
  const loss = () => {
    const { h, f } = layer.trace(x);
    const last = tf.reshape(tf.slice(h, [0, TIMESTEPS - 1, 0], [BATCH, 1, UNITS]), [BATCH, UNITS]);
    return tf.add(tf.losses.meanSquaredError(y, last), tf.mul(penalty, tf.mean(tf.abs(f)))) as tf.Scalar;
  };
  const { grads } = tf.variableGrads(loss);
  return layer.weights.map((weight) => {
    const variable = weight.read() as tf.Variable;
    return tf.sub(variable, tf.mul(RATE, grads[variable.name] as tf.Tensor));
  });
}

describe.each(NODE_BACKENDS)('On %s, an L1 penalty on the forget gate', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('changes training as computed by hand', async () => {
    const model = penalizedModel();
    randomizeWeights(model, 5);
    const layer = model.getLayer('memory') as ReturnType<typeof lstm>;
    const [penalized, plain] = [weightsAfterStep(layer, PENALTY), weightsAfterStep(layer, 0)];
    model.compile({ optimizer: tf.train.sgd(RATE), loss: [firstOutput, l1] });
    const { x, y, ignored } = data();
    await model.trainOnBatch(x, [y, ignored]);
    const trained = layer.getWeights();
    expectAllClose(trained, penalized);
    expect(() => expectAllClose(trained, plain)).toThrow('apart');
  });

  test('works in a model that was saved and loaded', async () => {
    const model = penalizedModel();
    randomizeWeights(model, 5);
    let artifacts: tf.io.ModelArtifacts | undefined;
    const handler = tf.io.withSaveHandler(async (given) => {
      artifacts = given;
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    });
    await model.save(handler);
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(artifacts as tf.io.ModelArtifacts));
    const { x, y, ignored } = data();
    expectAllClose(loaded.predict(x) as tf.Tensor[], model.predict(x) as tf.Tensor[], 0);
    for (const one of [model, loaded]) {
      one.compile({ optimizer: tf.train.sgd(RATE), loss: [firstOutput, l1] });
      await one.trainOnBatch(x, [y, ignored]);
    }
    expectAllClose(loaded.getWeights(), model.getWeights(), 0);
  });
});
