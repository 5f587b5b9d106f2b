/** One sample's sequence through an LSTM, written out in float64 without tensors: what everything else is held to. */
export interface Float64Weights {
  /** [D][4U] */
  kernel: number[][];
  /** [U][4U] */
  recurrentKernel: number[][];
  /** [4U] */
  bias: number[];
}

export interface Float64Step {
  i: number[];
  f: number[];
  g: number[];
  o: number[];
  c: number[];
  h: number[];
}

export const FLOAT64_ACTIVATIONS: Record<string, (x: number) => number> = {
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  hardSigmoid: (x) => Math.min(1, Math.max(0, 0.2 * x + 0.5)),
  hardSigmoidKeras3: (x) => Math.min(6, Math.max(0, x + 3)) / 6,
  tanh: Math.tanh,
  relu: (x) => Math.max(0, x),
  softsign: (x) => x / (1 + Math.abs(x)),
  linear: (x) => x,
};

interface Float64Options {
  activation: string;
  recurrentActivation: string;
  h0: number[];
  c0: number[];
  /** [T]; false where the step is passed over. */
  mask?: boolean[] | undefined;
  goBackwards?: boolean;
}

/**
 * @param x [T][D]
 * @returns The steps by the input's timestep. At a masked one, gates are 0 and c and h are the previous ones.
 */
export function float64LSTM(x: number[][], weights: Float64Weights, options: Float64Options): Float64Step[] {
  const units = options.h0.length;
  const [φ, σ] = [options.activation, options.recurrentActivation].map((name) => FLOAT64_ACTIVATIONS[name]) as [
    (x: number) => number,
    (x: number) => number,
  ];
  const steps: Float64Step[] = new Array(x.length);
  let [h, c] = [options.h0, options.c0];
  for (let n = 0; n < x.length; n++) {
    const t = options.goBackwards ? x.length - 1 - n : n;
    const zeros = new Array(units).fill(0);
    if (options.mask && !options.mask[t]) {
      steps[t] = { i: zeros, f: zeros, g: zeros, o: zeros, c, h };
      continue;
    }
    const previousH = h;
    const preActivation = (gate: number, unit: number) => {
      const column = gate * units + unit;
      let sum = weights.bias[column] as number;
      for (const [d, value] of (x[t] as number[]).entries()) sum += value * at(weights.kernel, d, column);
      for (const [u, value] of previousH.entries()) sum += value * at(weights.recurrentKernel, u, column);
      return sum;
    };
    const gate = (block: number, squash: (x: number) => number) =>
      zeros.map((_, unit) => squash(preActivation(block, unit)));
    const [i, f, g, o] = [gate(0, σ), gate(1, σ), gate(2, φ), gate(3, σ)];
    c = c.map((value, u) => (f[u] as number) * value + (i[u] as number) * (g[u] as number));
    h = c.map((value, u) => (o[u] as number) * φ(value));
    steps[t] = { i, f, g, o, c, h };
  }
  return steps;
}

function at(matrix: number[][], row: number, column: number): number {
  return (matrix[row] as number[])[column] as number;
}
