import * as tf from '@tensorflow/tfjs';
import { GATE_NAMES } from '../../core/gates.js';
import { A_FINITE_NUMBER, AN_INTEGER, checkOptions } from '../../core/options.js';
import { Initializer } from '../../host/initializer.js';
import { hostSeed } from '../../host/seed.js';
import { unitsOfKernel } from './gate-blocks.js';
import { normalsFor, randomOrthogonal } from './random-orthogonal.js';

/** The arguments of `orthogonalByGateInitializer`. */
export interface OrthogonalByGateArgs {
  /** The value of all singular values; any finite number. Default: 1. */
  gain?: number;
  /** Makes the values reproducible. Default: none. */
  seed?: number;
}

const ORTHOGONAL_OPTIONS = {
  gain: A_FINITE_NUMBER,
  seed: AN_INTEGER,
} satisfies Record<keyof OrthogonalByGateArgs, unknown>;

const NAME = 'OrthogonalByGateInitializer';

/**
 * See `orthogonalByGateInitializer`.
 *
 * @category Training
 */
export class OrthogonalByGateInitializer extends Initializer {
  static readonly className: string = NAME;
  readonly gain: number;
  readonly seed: number | undefined;

  /** @throws RangeError for an argument that breaks its rule; see `OrthogonalByGateArgs`. */
  constructor(args: OrthogonalByGateArgs = {}) {
    super();
    checkOptions(NAME, args, ORTHOGONAL_OPTIONS);
    this.gain = args.gain ?? 1;
    this.seed = args.seed ?? undefined;
  }

  /** @param shape [U, 4U]; or [D, 4U], where the shorter side of each block is orthonormal. */
  override apply(shape: number[]): tf.Tensor2D {
    const units = unitsOfKernel(NAME, shape);
    const [rows] = shape as [number];
    return tf.tidy(() => {
      const blocks = GATE_NAMES.map((gate) => tf.tensor2d(this.block(rows, units, gate), [rows, units]));
      return tf.mul(tf.concat(blocks, 1), this.gain) as tf.Tensor2D;
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { gain, seed } = this;
    return seed === undefined ? { gain } : { gain, seed };
  }

  private block(rows: number, units: number, gate: string): Float32Array {
    // tfjs draws them in JavaScript: reading them waits for no device.
    const normals = tf.randomNormal([normalsFor(rows, units)], 0, 1, 'float32', hostSeed(this.seed, gate)).dataSync();
    let drawn = 0;
    return Float32Array.from(randomOrthogonal(rows, units, () => normals[drawn++] as number));
  }
}
tf.serialization.registerClass(
  OrthogonalByGateInitializer as unknown as tf.serialization.SerializableConstructor<OrthogonalByGateInitializer>,
);

/**
 * An initializer for recurrent kernels in which the block of each gate, [U, U], is orthogonal, so that it preserves the
 * length of what it multiplies, state or gradient. (tfjs's `'orthogonal'` makes the rows of the whole [U, 4U]
 * orthonormal; each gate's block then halves that length.)
 *
 * Saxe, McClelland and Ganguli 2014, "Exact solutions to the nonlinear dynamics of learning in deep linear neural
 * networks", arXiv 1312.6120.
 *
 * ```ts
 * const layer = lstm({ units: 256, recurrentInitializer: orthogonalByGateInitializer({ seed: 1 }) });
 * ```
 *
 * It works in layers of this package and of tfjs, and is saved and loaded with them. It is computed in JavaScript without
 * tfjs's QR decomposition, and so is the same on every backend.
 *
 * @throws RangeError for an argument that breaks its rule.
 * @category Training
 */
export function orthogonalByGateInitializer(args: OrthogonalByGateArgs = {}): OrthogonalByGateInitializer {
  return new OrthogonalByGateInitializer(args);
}
