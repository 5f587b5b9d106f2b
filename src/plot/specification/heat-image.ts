import { pngAddress } from '../data/png-image.js';
import type { QuantityView } from '../data/quantity-view.js';
import { channels, colourAt, NON_FINITE } from './colours.js';

/** More pixels than a panel has show nothing more. */
export const LARGEST_IMAGE = { columns: 720, rows: 240 };

const SHADES = 254;
const [OF_NON_FINITE, TRANSPARENT] = [254, 255];

/**
 * A matrix as a picture, a pixel a value.
 *
 * @param values Row by row from the top; null is drawn transparent.
 */
export function heatImage(
  values: readonly (number | null)[],
  width: number,
  { domain: [low, high], ramp }: QuantityView,
): Promise<string> {
  const palette = Array.from({ length: SHADES }, (_, n) => [...colourAt(ramp, n / (SHADES - 1)), 255] as const);
  const pixels = Uint8Array.from(values, (value) => {
    if (value === null) return TRANSPARENT;
    if (!Number.isFinite(value)) return OF_NON_FINITE;
    return Math.round(Math.min(Math.max((value - low) / (high - low), 0), 1) * (SHADES - 1));
  });
  return pngAddress({
    ...{ width, height: values.length / width, pixels },
    palette: [...palette, [...channels(NON_FINITE), 255], [0, 0, 0, 0]],
  });
}
