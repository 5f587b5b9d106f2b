import * as tf from '@tensorflow/tfjs';
import { A_FINITE_NUMBER, checkOptions, required } from '../../core/options.js';
import { Initializer } from '../../host/initializer.js';
import { unitsOfBias } from './gate-blocks.js';

/** The arguments of `forgetBiasInitializer`. */
export interface ForgetBiasArgs {
  /** The initial bias of every forget gate; any finite number. */
  forgetBias: number;
}

/**
 * Forget biases from the literature.
 *
 * - `open`: 1. With a sigmoid, the gate starts at 0.73, and a state lasts for some 3 timesteps rather than 1.4.
 *   Jozefowicz, Zaremba and Sutskever 2015, "An Empirical Exploration of Recurrent Network Architectures", section 5,
 *   recommend it for every LSTM; Keras's `unitForgetBias` is the same.
 * - `wideOpen`: 2, the other value that they name. The gate starts at 0.88, and a state lasts for some 8 timesteps.
 * - `neutral`: 0, tfjs's default.
 */
export const FORGET_BIAS = { neutral: 0, open: 1, wideOpen: 2 } as const;

const NAME = 'ForgetBiasInitializer';

/**
 * See `forgetBiasInitializer`.
 *
 * @category Training
 */
export class ForgetBiasInitializer extends Initializer {
  static readonly className: string = NAME;
  readonly forgetBias: number;

  /** @throws RangeError for a forget bias that is not a finite number. */
  constructor(args: ForgetBiasArgs) {
    super();
    checkOptions(NAME, args, { forgetBias: required(A_FINITE_NUMBER) });
    this.forgetBias = args.forgetBias;
  }

  /** @param shape [4U] */
  override apply(shape: number[]): tf.Tensor1D {
    const units = unitsOfBias(NAME, shape);
    return tf.tidy(
      () => tf.concat([tf.zeros([units]), tf.fill([units], this.forgetBias), tf.zeros([2 * units])]) as tf.Tensor1D,
    );
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { forgetBias: this.forgetBias };
  }
}
tf.serialization.registerClass(
  ForgetBiasInitializer as unknown as tf.serialization.SerializableConstructor<ForgetBiasInitializer>,
);

/**
 * A bias initializer that is 0 except for the forget gates. The larger their bias, the longer a state lasts at the start,
 * and the further back the gradient reaches. With a sigmoid, b = ln(T - 1) suits memories of T timesteps in every unit;
 * `chronoInitializer` gives the units different times.
 *
 * Gers, Schmidhuber and Cummins 2000, "Learning to Forget: Continual Prediction with LSTM", section 3, start the forget
 * gates with a positive bias; for values see `FORGET_BIAS`.
 *
 * ```ts
 * const layer = lstm({ units: 64, biasInitializer: forgetBiasInitializer({ forgetBias: FORGET_BIAS.wideOpen }) });
 * ```
 *
 * It sets the whole bias, [4U], so `unitForgetBias` must be false. It works in layers of this package and of tfjs, and is
 * saved and loaded with them.
 *
 * @throws RangeError for a forget bias that is not a finite number.
 * @category Training
 */
export function forgetBiasInitializer(args: ForgetBiasArgs): ForgetBiasInitializer {
  return new ForgetBiasInitializer(args);
}
