import * as tf from '@tensorflow/tfjs';
import { AN_INTEGER, aNumber, checkOptions, oneOf, required } from '../../core/options.js';
import { Initializer } from '../../host/initializer.js';
import { hostSeed } from '../../host/seed.js';
import { unitsOfBias } from './gate-blocks.js';

/** The arguments of `chronoInitializer`. */
export interface ChronoArgs {
  /** Tmax, the longest dependence in the sequences, in timesteps; at least 2. */
  maxTimesteps: number;
  /** The layer's `recurrentActivation`. Default: 'sigmoid'. */
  recurrentActivation?: 'sigmoid' | 'hardSigmoid' | 'hardSigmoidKeras3';
  /** Makes the values reproducible. Default: none. */
  seed?: number;
}

/** The bias at which a recurrent activation is u / (1 + u). */
const BIAS_OF: Record<NonNullable<ChronoArgs['recurrentActivation']>, (u: tf.Tensor1D) => tf.Tensor1D> = {
  sigmoid: (u) => tf.log(u),
  hardSigmoid: (u) => tf.mul(5, tf.sub(tf.div(u, tf.add(u, 1)), 0.5)),
  hardSigmoidKeras3: (u) => tf.mul(6, tf.sub(tf.div(u, tf.add(u, 1)), 0.5)),
};

const CHRONO_OPTIONS = {
  maxTimesteps: required(aNumber('a number of at least 2', (value) => Number.isFinite(value) && value >= 2)),
  recurrentActivation: oneOf(...Object.keys(BIAS_OF)),
  seed: AN_INTEGER,
} satisfies Record<keyof ChronoArgs, unknown>;

const NAME = 'ChronoInitializer';

/**
 * See `chronoInitializer`.
 *
 * @category Training
 */
export class ChronoInitializer extends Initializer {
  static readonly className: string = NAME;
  readonly maxTimesteps: number;
  readonly recurrentActivation: keyof typeof BIAS_OF;
  readonly seed: number | undefined;

  /** @throws RangeError for an argument that breaks its rule; see `ChronoArgs`. */
  constructor(args: ChronoArgs) {
    super();
    checkOptions(NAME, args, CHRONO_OPTIONS);
    this.maxTimesteps = args.maxTimesteps;
    this.recurrentActivation = args.recurrentActivation ?? 'sigmoid';
    this.seed = args.seed ?? undefined;
  }

  /** @param shape [4U] */
  override apply(shape: number[]): tf.Tensor1D {
    const units = unitsOfBias(NAME, shape);
    return tf.tidy(() => {
      const u = tf.randomUniform(
        [units],
        1,
        this.maxTimesteps - 1,
        'float32',
        hostSeed(this.seed, 'chrono'),
      ) as tf.Tensor1D;
      const forget = BIAS_OF[this.recurrentActivation](u);
      return tf.concat([tf.neg(forget), forget, tf.zeros([2 * units])]) as tf.Tensor1D;
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { maxTimesteps, recurrentActivation, seed } = this;
    return seed === undefined ? { maxTimesteps, recurrentActivation } : { maxTimesteps, recurrentActivation, seed };
  }
}
tf.serialization.registerClass(
  ChronoInitializer as unknown as tf.serialization.SerializableConstructor<ChronoInitializer>,
);

/**
 * A bias initializer that gives the units memories of all lengths up to the longest that the data need: a unit's forget
 * gate starts at 1 - 1/τ, with τ - 1 drawn uniformly from [1, Tmax - 1], and its input gate at 1/τ. With a sigmoid,
 * that is b_f = ln U(1, Tmax - 1) and b_i = -b_f. The bias of the candidate and the output gate is 0.
 *
 * Tallec and Ollivier 2018, "Can recurrent neural networks warp time?", arXiv 1804.11188, section 3.
 *
 * ```ts
 * const layer = lstm({
 *   units: 64,
 *   recurrentActivation: 'sigmoid',
 *   biasInitializer: chronoInitializer({ maxTimesteps: 200 }),
 * });
 * ```
 *
 * - It sets the whole bias, [4U], so `unitForgetBias` (which `KERAS_DEFAULTS` sets) must be false.
 * - tfjs's default `hardSigmoid` reaches 0 and 1, where no gradient passes. Pass `recurrentActivation`, and the gates
 *   start at the same values as with a sigmoid.
 * - It works in layers of this package and of tfjs, and is saved and loaded with them.
 *
 * @throws RangeError for an argument that breaks its rule.
 * @category Training
 */
export function chronoInitializer(args: ChronoArgs): ChronoInitializer {
  return new ChronoInitializer(args);
}
