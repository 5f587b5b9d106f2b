import * as tf from '@tensorflow/tfjs';
import { invalidArgument, invalidState } from '../../../core/errors.js';
import { oneOf } from '../../../core/options.js';

type Tensors = tf.Tensor | tf.Tensor[];

/** Which mask a layer sets; see `MaskFrom`. */
export type MaskSourceRule = 'none' | 'ones' | 'any' | 'all' | 'steps';

const RULE = oneOf('none', 'ones', 'any', 'all', 'steps');

/**
 * Hands on its first input, with another mask: tfjs lets masks reach layers that Keras keeps them from, and loses others.
 *
 * `'none'` leaves none; yet tfjs's models then hand on that of an earlier layer, which `'ones'` prevents: it makes every step
 * valid. `'any'` and `'all'` combine the masks of the further inputs, which count for nothing else: steps where any of them
 * is valid, or all. `'steps'` has the steps of one after the other's; an input without a mask counts as valid.
 *
 * Input: x, [B, T, …]; or [x, a, …], of which a, … have masks. Output: x.
 */
export class MaskFrom extends tf.layers.Layer {
  static readonly className = 'MaskFrom';
  readonly combine: MaskSourceRule;

  /** @throws RangeError for a rule that is none. */
  constructor(args: { name?: string; combine: MaskSourceRule }) {
    super(args as object);
    if (!RULE.holds(args.combine)) throw invalidArgument('MaskFrom', `combine must be ${RULE.must}`, args.combine);
    this.combine = args.combine;
    this.supportsMasking = args.combine !== 'none';
  }

  override call(inputs: Tensors): tf.Tensor {
    return Array.isArray(inputs) ? (inputs[0] as tf.Tensor) : inputs;
  }

  override computeOutputShape(shape: tf.Shape | tf.Shape[]): tf.Shape {
    return (Array.isArray(shape[0]) ? shape[0] : shape) as tf.Shape;
  }

  override computeMask(inputs: Tensors, mask?: Tensors): tf.Tensor {
    const [x, ...others] = [inputs].flat() as [tf.Tensor, ...tf.Tensor[]];
    // tfjs asks every layer that is applied, whether anybody knows of masks or not; it takes null for none.
    if (mask == null && this.combine !== 'ones') return null as unknown as tf.Tensor;
    const masks = [mask ?? []].flat().slice(1) as (tf.Tensor | null)[];
    return tf.tidy(() => {
      if (this.combine === 'ones') return allValid(x);
      if (this.combine === 'steps') {
        return tf.concat(
          others.map((other, n) => masks[n] ?? allValid(other)),
          1,
        );
      }
      if (masks.length === 0 || masks.includes(null)) {
        throw invalidState('MaskFrom', 'all inputs but the first must have masks', this.name);
      }
      const combine = this.combine === 'any' ? tf.logicalOr : tf.logicalAnd;
      // A clone, as the model disposes the masks of each tensor.
      return tf.clone((masks as tf.Tensor[]).reduce((left, right) => combine(left, right)));
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), combine: this.combine };
  }
}
tf.serialization.registerClass(MaskFrom);

const allValid = (x: tf.Tensor) => tf.ones(x.shape.slice(0, 2), 'bool');
