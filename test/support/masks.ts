import * as tf from '@tensorflow/tfjs';

export const MASK_KINDS = ['none', 'right padded', 'left padded', 'with holes', 'with a wholly masked row'] as const;
export type MaskKind = (typeof MASK_KINDS)[number];

/** Masks of four samples and six timesteps. */
export const MASK_BATCH = 4;
export const MASK_TIMESTEPS = 6;

const ROWS: Record<Exclude<MaskKind, 'none'>, string[]> = {
  'right padded': ['111100', '111111', '100000', '111110'],
  'left padded': ['001111', '111111', '000001', '011111'],
  'with holes': ['101101', '110011', '010010', '111111'],
  'with a wholly masked row': ['111111', '000000', '111000', '110101'],
};

/** A mask [4, 6], or null for 'none'. */
export function maskOf(kind: MaskKind): tf.Tensor2D | null {
  if (kind === 'none') return null;
  return tf.tensor2d(
    ROWS[kind].map((row) => [...row].map(Number)),
    [MASK_BATCH, MASK_TIMESTEPS],
    'bool',
  );
}
