import { isBetweenClosedAndOpen } from '../../inspect/gate-activations.js';
import { SATURATED } from '../../inspect/words.js';
import { type Sample, valuesOfUnit, widthOf } from './sample.js';

/**
 * The order of units: by index, or starting with those whose gates are saturated most often, or whose hidden state varies most.
 */
export type UnitSorting = 'index' | 'saturation' | 'activity';

export const UNIT_SORTINGS: readonly UnitSorting[] = ['index', 'saturation', 'activity'];

/** Positions of the units in a sample, in the order in which they are drawn. */
export function unitOrder(sample: Sample, sorting: UnitSorting): number[] {
  const positions = Array.from({ length: sample.units }, (_, unit) => unit);
  if (sorting === 'index') return positions;
  const measure = sorting === 'saturation' ? saturation : activity;
  const values = positions.map((unit) => measure(sample, unit));
  return positions.sort((a, b) => (values[b] as number) - (values[a] as number) || a - b);
}

/** How many of the values of its gates, i, f and o, are saturated, at valid steps. */
function saturation(sample: Sample, position: number): number {
  const { low, high } = SATURATED;
  const gates = Object.keys(sample.values).filter(
    (name) => isBetweenClosedAndOpen(name, sample) && widthOf(sample, name) === sample.units,
  );
  const values = gates.flatMap((gate) => valuesOfUnit(sample, gate, position));
  return values.filter((value) => value < low || value > high).length;
}

/** The standard deviation of h over the valid steps; of c, where h is not one a unit. */
function activity(sample: Sample, position: number): number {
  const shown = ['h', 'c'].find((name) => name in sample.values && widthOf(sample, name) === sample.units);
  const values = shown === undefined ? [] : valuesOfUnit(sample, shown, position).filter(Number.isFinite);
  if (values.length === 0) return 0;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
