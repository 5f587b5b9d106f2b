import * as tf from '@tensorflow/tfjs';
import { builtInConv1DClass, type Conv1DArgs } from '../../../host/built-in-classes.js';

/**
 * Keras's Conv1D with `padding="causal"`: an output sees its own step and earlier ones only. tfjs builds such a layer, with a
 * length that is wrong, and then refuses to run it.
 *
 * Input: [B, T, D]. Output: [B, ceil(T / strides), filters]. Arguments and weights: those of `tf.layers.conv1d`, `padding` aside.
 */
export class CausalConv1D extends builtInConv1DClass() {
  static readonly className = 'CausalConv1D';

  constructor(args: Conv1DArgs) {
    super({ ...args, padding: 'valid' });
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: object): tf.Tensor | tf.Tensor[] {
    return tf.tidy(() => {
      const [x] = [inputs].flat() as [tf.Tensor3D];
      const before: tf.Tensor3D = tf.zeros([x.shape[0], this.stepsBefore, x.shape[2]]);
      const padded = tf.concat([before, x], 1) as tf.Tensor3D;
      return this.own.strides[0] === 1 ? this.productOfShifts(padded, x.shape[1]) : super.call(padded, kwargs);
    });
  }

  /** The steps that an output sees, side by side, as one product: tfjs's dilated convolution has no gradient. */
  private productOfShifts(padded: tf.Tensor3D, timesteps: number): tf.Tensor {
    const { kernel, bias, activation, kernelSize, dilation } = this.own;
    const [samples, , features] = padded.shape;
    const shifts = Array.from({ length: kernelSize }, (_, place) =>
      tf.slice(padded, [0, place * dilation, 0], [samples, timesteps, features]),
    );
    const weights = tf.reshape(kernel.read(), [kernelSize * features, -1]) as tf.Tensor2D;
    const flat = tf.reshape(tf.concat(shifts, 2), [samples * timesteps, kernelSize * features]) as tf.Tensor2D;
    const product = tf.reshape(tf.matMul(flat, weights), [samples, timesteps, -1]);
    const sum = bias == null ? product : tf.add(product, bias.read());
    return activation == null ? sum : activation.apply(sum);
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape | tf.Shape[] {
    const [batch, timesteps, features] = inputShape as tf.Shape;
    const padded = timesteps == null ? null : timesteps + this.stepsBefore;
    return super.computeOutputShape([batch ?? null, padded, features ?? null]);
  }

  /** How many steps before its own an output sees. */
  private get stepsBefore(): number {
    const { kernelSize, dilation } = this.own;
    return (kernelSize - 1) * dilation;
  }

  /** What tfjs's class keeps to itself. */
  private get own() {
    const fields = this as unknown as {
      kernel: tf.LayerVariable;
      bias: tf.LayerVariable | null;
      activation: { apply(x: tf.Tensor): tf.Tensor } | null;
      kernelSize: number[];
      strides: number[];
      dilationRate: number | number[];
    };
    const [kernelSize] = fields.kernelSize as [number];
    const [dilation] = [fields.dilationRate].flat() as [number];
    const { kernel, bias, activation, strides } = fields;
    return { kernel, bias, activation, strides, kernelSize, dilation };
  }
}
tf.serialization.registerClass(CausalConv1D as unknown as tf.serialization.SerializableConstructor<CausalConv1D>);
