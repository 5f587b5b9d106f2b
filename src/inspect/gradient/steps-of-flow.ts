import type { PerTimestep } from './flow-types.js';
import type { FlowValues, Values } from './flow-values.js';

/** The timesteps of a flow: which samples are valid where, and in which order they were processed. */
export class StepsOfFlow {
  readonly batch: number;
  readonly timesteps: number;
  /** The input's timesteps in the order in which gradients are computed: the last processed first. */
  readonly backwards: readonly number[];
  private readonly mask: Values | null;
  private readonly towardsStart: 1 | -1;

  constructor({
    batch,
    timesteps,
    goBackwards,
    mask,
  }: Pick<FlowValues, 'batch' | 'timesteps' | 'goBackwards' | 'mask'>) {
    this.batch = batch;
    this.timesteps = timesteps;
    this.mask = mask;
    this.towardsStart = goBackwards ? 1 : -1;
    const forwards = Array.from({ length: timesteps }, (_, t) => t);
    this.backwards = goBackwards ? forwards : forwards.reverse();
  }

  isValid(sample: number, t: number): boolean {
    return this.mask === null || this.mask[sample * this.timesteps + t] !== 0;
  }

  /** The samples that are valid at a timestep. */
  samplesAt(t: number): number[] {
    return Array.from({ length: this.batch }, (_, sample) => sample).filter((sample) => this.isValid(sample, t));
  }

  /** The timestep processed before; null for the first. */
  before(t: number): number | null {
    const previous = t + this.towardsStart;
    return previous >= 0 && previous < this.timesteps ? previous : null;
  }

  /** Where a step of a sample begins in a flat [B, T, width]. */
  offset(sample: number, t: number, width: number): number {
    return (sample * this.timesteps + t) * width;
  }

  /** [T]: the mean of a number over the samples that are valid at each timestep; null for none, or where not finite. */
  meanAt(t: number, numberOf: (sample: number) => number): number | null {
    const samples = this.samplesAt(t);
    return finite(samples.reduce((sum, sample) => sum + numberOf(sample), 0) / samples.length);
  }

  /** [T], L2 norms over the last axis of a flat [B, T, width], means over valid samples. */
  norms(values: Values, width: number): PerTimestep {
    return Array.from({ length: this.timesteps }, (_, t) =>
      this.meanAt(t, (sample) => norm(values, this.offset(sample, t, width), width)),
    );
  }
}

/** The L2 norm of a stretch of values, in float64: the square of a float32 never leaves its range. */
export function norm(values: Values, offset = 0, length = values.length): number {
  let squares = 0;
  for (let n = offset; n < offset + length; n++) squares += (values[n] as number) ** 2;
  return Math.sqrt(squares);
}

export function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
