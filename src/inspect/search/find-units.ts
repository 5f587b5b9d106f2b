import { isOn, isValidStep, type SearchedSequence, valueAt } from './searched-sequence.js';

// No tfjs in here: the report's page searches too.

/** How well the steps at which a unit is on are the selected ones. Steps are counted over all samples, masked ones left out. */
export interface UnitMatch {
  /** Its index in the layer. */
  unit: number;
  /** The steps that are both, divided by those that are either (Jaccard): 1 if the unit is on exactly where selected. */
  overlap: number;
  /** How many of the selected steps the unit is on at. */
  sharedSteps: number;
  /** How many steps the unit is on at. */
  onSteps: number;
  selectedSteps: number;
}

/** A step of one sample. */
export interface Step {
  /** The index of the trace among those searched. */
  trace: number;
  /** The index of the sample in the trace's batch. */
  sample: number;
  timestep: number;
}

/** The units that are on at a selected step at least, the greatest overlap first, then the lower index. */
export function findUnits(
  sequences: readonly SearchedSequence[],
  isSelected: (step: Step) => boolean,
  threshold: number,
): UnitMatch[] {
  const unitIndices = sequences[0]?.unitIndices ?? [];
  const on = new Array<number>(unitIndices.length).fill(0);
  const shared = new Array<number>(unitIndices.length).fill(0);
  let selectedSteps = 0;
  for (const [trace, sequence] of sequences.entries()) {
    for (let sample = 0; sample < sequence.batch; sample++) {
      for (let timestep = 0; timestep < sequence.timesteps; timestep++) {
        if (!isValidStep(sequence, sample, timestep)) continue;
        const selected = isSelected({ trace, sample, timestep });
        if (selected) selectedSteps += 1;
        for (let column = 0; column < on.length; column++) {
          if (!isOn(valueAt(sequence, sample, timestep, column), threshold)) continue;
          on[column] = (on[column] as number) + 1;
          if (selected) shared[column] = (shared[column] as number) + 1;
        }
      }
    }
  }
  return unitIndices
    .map((unit, column) => {
      const [onSteps, sharedSteps] = [on[column] as number, shared[column] as number];
      const overlap = sharedSteps / (onSteps + selectedSteps - sharedSteps);
      return { unit, overlap, sharedSteps, onSteps, selectedSteps };
    })
    .filter(({ sharedSteps }) => sharedSteps > 0)
    .sort((a, b) => b.overlap - a.overlap || a.unit - b.unit);
}
