/** The size of a layer and of what it is given: B, T, D and U. */
export interface Shape {
  batch: number;
  timesteps: number;
  features: number;
  units: number;
}

/** Small, batched, latency-bound and large. */
export const DEFAULT_SHAPES = ['1x100x100x100', '32x50x64x128', '1x100x256x512', '8x20x1024x1024'].map(parseShape);

/** Those of models that translate and add. */
export const MODEL_SHAPES = ['64x16x90x256', '128x7x12x128'].map(parseShape);

/**
 * Reads `BxTxDxU`.
 *
 * @throws Error with one line for the user.
 */
export function parseShape(text: string): Shape {
  if (!/^[1-9]\d*(x[1-9]\d*){3}$/.test(text)) {
    throw new Error(`a shape must be written BxTxDxU, such as 32x50x64x128, got '${text}'`);
  }
  const [batch, timesteps, features, units] = text.split('x').map(Number) as [number, number, number, number];
  return { batch, timesteps, features, units };
}

/** Writes `BxTxDxU`. */
export function formatShape({ batch, timesteps, features, units }: Shape): string {
  return [batch, timesteps, features, units].join('x');
}

/** Multiply-adds of the matrix products of one pass forward. */
export function multiplyAdds({ batch, timesteps, features, units }: Shape): number {
  return batch * timesteps * (features + units) * 4 * units;
}
