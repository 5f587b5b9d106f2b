import * as tf from '@tensorflow/tfjs';
import 'explicit-lstm/testing/jest'; // or once for all tests, in a file listed in Jest's setupFilesAfterEnv
import { type Fixture, loadFixture } from 'explicit-lstm/testing';
import { encoder } from './encoder.js';

// Written once, in Python: export_keras.py --model my.keras --layer encoder --output encoder.json
const fixture = loadFixture('fixtures/keras/returns-sequences.json');

/** The port with the weights that the layer has in Keras. */
function portWithWeightsOf({ weights }: Fixture): tf.Sequential {
  const model = encoder();
  tf.tidy(() => model.setWeights(weights.map(({ values, shape }) => tf.tensor(values, shape))));
  return model;
}

describe('the encoder', () => {
  test('computes what it computes in Keras: outputs, gates and gradients', async () => {
    const model = portWithWeightsOf(fixture);
    await expect(model.layers[0]).toReproduceFixture(fixture);
    model.dispose();
  });

  test('still returns what it returned for a known sequence', async () => {
    const model = portWithWeightsOf(fixture);
    const frames = tf.tensor3d([
      [
        [1, 0, 0, 0],
        [0, 1, 0, 0],
      ],
    ]);
    const states = model.predict(frames) as tf.Tensor;
    await expect(states).toBeAllClose(
      [
        [
          [-0.058536, -0.133348, -0.061643, -0.213852, -0.020396],
          [-0.042201, -0.156501, -0.267904, -0.082993, -0.047061],
        ],
      ],
      { atol: 1e-5 },
    );
    tf.dispose([frames, states]);
    model.dispose();
  });

  test('differs from Keras when a gate is disturbed, and the report names the gate', async () => {
    const model = portWithWeightsOf(fixture);
    const [kernel, recurrentKernel, bias] = model.getWeights() as [tf.Tensor, tf.Tensor, tf.Tensor];
    // Units 5 to 9 of the bias are the forget gate's.
    model.setWeights([kernel, recurrentKernel, bias.add(tf.oneHot(tf.scalar(5 + 2, 'int32'), 20))]);
    await expect(model.layers[0]).not.toReproduceFixture(fixture);
    await expect(expect(model.layers[0]).toReproduceFixture(fixture)).rejects.toThrow(
      'first differing gate: f at timestep 0, sample 0, unit 2',
    );
    model.dispose();
  });
});
