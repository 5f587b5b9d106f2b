import type { Shape } from '../shapes.js';

/** What a machine can do at most. */
export interface Limits {
  /** Multiply-adds a millisecond. */
  arithmetic: number;
  /** Bytes a millisecond that can be read, again and again, of a working set of a size. */
  bandwidth: (bytes: number) => number;
}

/**
 * What no implementation of inference can leave out.
 *
 * All x · W are one matrix product, which can reuse what it has loaded: arithmetic only, B·T·D·4U multiply-adds. The
 * products h · R wait for each other, T times, so that R, which no register file holds, is read T times from whatever
 * cache it fits in, and B·U·4U multiply-adds are done with it; each step takes the longer of the two, as loads and
 * arithmetic overlap. Left out: activations, and the traffic of x, W, h and c, all of it small beside the rest.
 */
export interface FloorWork {
  inputMultiplyAdds: number;
  steps: number;
  /** Of each step. */
  multiplyAdds: number;
  /** Of R, in float32. */
  bytes: number;
}

export function floorWork({ batch, timesteps, features, units }: Shape): FloorWork {
  return {
    inputMultiplyAdds: batch * timesteps * features * 4 * units,
    steps: timesteps,
    multiplyAdds: batch * units * 4 * units,
    bytes: 4 * units * 4 * units,
  };
}

/** Whether each step takes longer to read R than to multiply with it. */
export function isBoundByMemory({ multiplyAdds, bytes }: FloorWork, { arithmetic, bandwidth }: Limits): boolean {
  return bytes / bandwidth(bytes) > multiplyAdds / arithmetic;
}

/** Milliseconds. */
export function floorTime(work: FloorWork, limits: Limits): number {
  const { inputMultiplyAdds, steps, multiplyAdds, bytes } = work;
  const step = Math.max(multiplyAdds / limits.arithmetic, bytes / limits.bandwidth(bytes));
  return inputMultiplyAdds / limits.arithmetic + steps * step;
}
