/** Of each value: two bytes, and a third more in base64. */
const BYTES_PER_VALUE = 8 / 3;
const QUANTITIES_DRAWN = 6;

/** What of the traces a report carries. */
export interface DrawnSize {
  samples: number;
  /** Of each layer. */
  layers: { timesteps: number; units: number }[];
}

/**
 * As many samples as fit; where not even one does, fewer units of each layer; and where a single unit does not, fewer
 * timesteps.
 */
export function drawnSize(
  layers: readonly { timesteps: number; units: number }[],
  samples: number,
  largestBytes: number,
): DrawnSize {
  const budget = largestBytes / BYTES_PER_VALUE / QUANTITIES_DRAWN;
  const sizeOfSample = layers.reduce((sum, { timesteps, units }) => sum + timesteps * units, 0);
  const fitting = Math.floor(budget / sizeOfSample);
  if (fitting >= 1) return { samples: Math.min(samples, fitting), layers: layers.map((layer) => ({ ...layer })) };
  const share = budget / layers.length;
  return {
    samples: 1,
    layers: layers.map(({ timesteps, units }) => {
      const fewer = Math.min(units, Math.max(1, Math.floor(share / timesteps)));
      return { units: fewer, timesteps: Math.min(timesteps, Math.max(1, Math.floor(share / fewer))) };
    }),
  };
}
