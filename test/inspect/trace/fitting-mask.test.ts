import * as tf from '@tensorflow/tfjs';
import { diagnose, gradientFlowModel, traceModel } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';

/** A layer of one's own that hands on one mask for all samples, which tfjs's LSTM broadcasts. */
class OneMask extends tf.layers.Layer {
  static readonly className = 'OneMask';
  override supportsMasking = true;
  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.clone([inputs].flat()[0]!);
  }
  override computeMask(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.ones([1, [inputs].flat()[0]!.shape[1] as number], 'bool');
  }
}

describe('A mask that does not fit', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('is told to come from the layers before, in the name of the function that was called', async () => {
    const model = tf.sequential({
      layers: [new OneMask({ inputShape: [5, 2] }), tf.layers.lstm({ units: 3, name: 'reader' })],
    });
    model.compile({ loss: 'meanSquaredError', optimizer: 'sgd' });
    const x = tf.ones([4, 5, 2]);
    const told =
      /the mask that this layer receives from the layers before it must be \[B, T\] = \[4, 5\], got \[1, 5\] \(layer 'reader'\)/;
    expect(() => traceModel(model, x)).toThrow(new RegExp(`^traceModel: ${told.source}`));
    expect(() => gradientFlowModel(model, x, tf.ones([4, 3]))).toThrow(
      new RegExp(`^gradientFlowModel: ${told.source}`),
    );
    await expect(diagnose(model, x)).rejects.toThrow(new RegExp(`^diagnose: ${told.source}`));
  });
});
