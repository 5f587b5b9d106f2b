import { type Spread, spreadOf } from '../spread.js';
import type { Limits } from './floor.js';
import type { Probe } from './probe.js';

/** How much was done a nanosecond, over several rounds. */
export interface Rate extends Spread {
  /** The most: what the machine can do while nothing disturbs it. */
  best: number;
}

export interface MeasuredLimits {
  /** Multiplications and additions a nanosecond (GF/s), in two instructions. */
  multiplyThenAdd: Rate;
  /** In one instruction; null where the engine has no relaxed SIMD. */
  fused: Rate | null;
  /** Bytes a nanosecond (GB/s), by working set. */
  bandwidths: { bytes: number; read: Rate }[];
}

const ROUNDS = 15;
/** Some milliseconds of work. */
const MULTIPLY_ADDS = 40e6;
const BYTES_READ = 100e6;

export function measureLimits(probe: Probe, workingSets: readonly number[]): MeasuredLimits {
  return {
    multiplyThenAdd: rate(2 * MULTIPLY_ADDS, () => probe.multiplyThenAdd(MULTIPLY_ADDS)),
    fused: probe.arithmetic === 'FMA' ? rate(2 * MULTIPLY_ADDS, () => probe.multiplyAdd(MULTIPLY_ADDS)) : null,
    bandwidths: workingSets.map((bytes) => {
      const passes = Math.ceil(BYTES_READ / bytes);
      return { bytes, read: rate(passes * bytes, () => probe.read(bytes, passes)) };
    }),
  };
}

/** @param arithmetic Which of the two. */
export function limitsOf(measured: MeasuredLimits, arithmetic: Probe['arithmetic']): Limits {
  const { multiplyThenAdd, fused, bandwidths } = measured;
  const perNanosecond = (arithmetic === 'FMA' && fused !== null ? fused : multiplyThenAdd).best;
  return {
    // A multiply-add is two operations, a millisecond a million nanoseconds.
    arithmetic: (1e6 * perNanosecond) / 2,
    bandwidth: (bytes) => {
      const known = bandwidths.find((bandwidth) => bandwidth.bytes === bytes);
      if (known === undefined) throw new Error(`limitsOf: no bandwidth was measured for ${bytes} bytes`);
      return 1e6 * known.read.best;
    },
  };
}

function rate(amount: number, work: () => void): Rate {
  // The first runs compile.
  for (let run = 0; run < 3; run++) work();
  const rates = Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    work();
    return amount / (1e6 * (performance.now() - start));
  });
  return { best: Math.max(...rates), ...spreadOf(rates) };
}
