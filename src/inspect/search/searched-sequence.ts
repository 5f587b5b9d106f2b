// No tfjs in here: the report's page searches too.

/** One quantity of a trace, off the device. */
export interface SearchedSequence {
  /** [B, T, U], flat. */
  values: ArrayLike<number>;
  /** [B, T], flat: 0 at masked steps; null: every step is valid. */
  mask: ArrayLike<number> | null;
  batch: number;
  timesteps: number;
  /** [U]: which unit of the layer each of the last axis is. */
  unitIndices: readonly number[];
}

/** Steps of one sample, `from` and `to` included. */
export interface StepSpan {
  /** The index of the trace among those searched. */
  trace: number;
  /** The index of the sample in the trace's batch. */
  sample: number;
  from: number;
  to: number;
}

export function isValidStep({ mask, timesteps }: SearchedSequence, sample: number, timestep: number): boolean {
  return mask === null || mask[sample * timesteps + timestep] !== 0;
}

/** @param column The place of the unit on the last axis. */
export function valueAt(sequence: SearchedSequence, sample: number, timestep: number, column: number): number {
  const { values, timesteps, unitIndices } = sequence;
  return values[(sample * timesteps + timestep) * unitIndices.length + column] as number;
}

/** Whether a value is beyond the threshold: above one that is not negative, below one that is. NaN is not. */
export function isOn(value: number, threshold: number): boolean {
  return threshold < 0 ? value < threshold : value > threshold;
}
