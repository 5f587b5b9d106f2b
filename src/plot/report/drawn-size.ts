/** Of each value: two bytes, and a third more in base64. */
const BYTES_PER_VALUE = 8 / 3;

/** Gates and states of the plain LSTM. */
const perUnit = ({ quantities = 6 }: { quantities?: number }) => quantities;

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
  layers: readonly { timesteps: number; units: number; quantities?: number }[],
  samples: number,
  largestBytes: number,
): DrawnSize {
  const budget = largestBytes / BYTES_PER_VALUE;
  const sizeOfSample = layers.reduce((sum, layer) => sum + layer.timesteps * layer.units * perUnit(layer), 0);
  const fitting = Math.floor(budget / sizeOfSample);
  if (fitting >= 1)
    return {
      samples: Math.min(samples, fitting),
      layers: layers.map(({ timesteps, units }) => ({ timesteps, units })),
    };
  const share = budget / layers.length;
  return {
    samples: 1,
    layers: layers.map((layer) => {
      const { timesteps, units } = layer;
      const values = share / perUnit(layer);
      const fewer = Math.min(units, Math.max(1, Math.floor(values / timesteps)));
      return { units: fewer, timesteps: Math.min(timesteps, Math.max(1, Math.floor(values / fewer))) };
    }),
  };
}
