/** Gates and states of the plain LSTM. */
const perUnit = ({ quantities = 6 }: { quantities?: number }) => quantities;

/** What of the traces a report carries. */
export interface DrawnSize {
  samples: number;
  /** Of each layer. */
  layers: { timesteps: number; units: number }[];
}

/** How many values one sample of the layers has. */
export function valuesOfSample(layers: readonly { timesteps: number; units: number; quantities?: number }[]): number {
  return layers.reduce((sum, layer) => sum + layer.timesteps * layer.units * perUnit(layer), 0);
}

/**
 * As many samples as fit; where not even one does, fewer units of each layer; and where a single unit does not, fewer
 * timesteps.
 *
 * @param mostValues So many values fit.
 */
export function drawnSize(
  layers: readonly { timesteps: number; units: number; quantities?: number }[],
  samples: number,
  mostValues: number,
): DrawnSize {
  const fitting = Math.floor(mostValues / valuesOfSample(layers));
  if (fitting >= 1)
    return {
      samples: Math.min(samples, fitting),
      layers: layers.map(({ timesteps, units }) => ({ timesteps, units })),
    };
  const share = mostValues / layers.length;
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
