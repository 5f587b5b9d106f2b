import { GATE_NAMES } from '../../core/gates.js';
import type { FlowValues, Values } from './flow-values.js';
import type { LossTerms } from './loss-terms.js';
import type { Crossing } from './paths.js';
import { norm, type StepsOfFlow } from './steps-of-flow.js';

/** So many products at most are spent on following one loss term; fewer samples are followed where all would take more. */
const MOST_PRODUCTS = 3e8;

/** How far a step may be from what the equations of a plain LSTM say, as a fraction, and still count as one. */
const AS_PLAIN = 1e-3;

/**
 * [T]: the sizes, around each step, of the gradient of each sample's last loss term alone, without the terms of earlier
 * steps that the total gradient gathers on its way. Backpropagation is linear in the gradient: what it multiplies a
 * derivative by at a step is read off the total one. In float64, so that nothing is lost however small it gets. Null where
 * a step is not that of a plain LSTM.
 *
 * @param lossSteps For each sample, the timesteps of its loss terms, the last processed first.
 */
export function crossingsOfLastTerm(
  values: FlowValues,
  steps: StepsOfFlow,
  terms: LossTerms,
  lossSteps: number[][],
): Crossing[] | null {
  if (!isPlain(values, steps)) return null;
  const { units, timesteps } = values;
  const sums = Array.from({ length: timesteps }, () => ({ after: 0, before: 0, samples: 0 }));
  for (const sample of followedSamples(values, lossSteps)) {
    followSample(values, steps, terms, { sample, start: (lossSteps[sample] as number[])[0] as number }, sums);
  }
  return sums.map(({ after, before, samples }) => ({
    after: samples === 0 || units === 0 ? null : after / samples,
    before: samples === 0 ? null : before / samples,
  }));
}

/** As many samples with a loss as can be followed, evenly spread. */
function followedSamples({ timesteps, units }: FlowValues, lossSteps: number[][]): number[] {
  const all = [...lossSteps.keys()].filter((sample) => (lossSteps[sample] as number[]).length > 0);
  const affordable = Math.max(1, Math.floor(MOST_PRODUCTS / (timesteps * 4 * units * units)));
  const stride = Math.max(1, Math.ceil(all.length / affordable));
  return all.filter((_, n) => n % stride === 0);
}

function followSample(
  values: FlowValues,
  steps: StepsOfFlow,
  { ofH, ofC }: LossTerms,
  { sample, start }: { sample: number; start: number },
  sums: { after: number; before: number; samples: number }[],
): void {
  const { units, dc, dh, dz, f, outputSlope, recurrentKernel } = values;
  const first = steps.offset(sample, start, units);
  let ofHidden: Float64Array = ofH.slice(first, first + units);
  let ofCell: Float64Array = ofC.slice(first, first + units);
  const ofGates = new Float64Array(4 * units);
  for (const t of steps.backwards.slice(steps.backwards.indexOf(start))) {
    if (!steps.isValid(sample, t)) continue;
    const offset = steps.offset(sample, t, units);
    const sum = sums[t] as (typeof sums)[number];
    sum.samples += 1;
    sum.after += Math.hypot(norm(ofHidden), norm(ofCell));
    const nextCell = new Float64Array(units);
    for (let unit = 0; unit < units; unit++) {
      const n = offset + unit;
      const hidden = ofHidden[unit] as number;
      const cell = (ofCell[unit] as number) + hidden * (outputSlope[n] as number);
      for (const [gate, name] of GATE_NAMES.entries()) {
        const total = name === 'o' ? dh[n] : dc[n];
        ofGates[gate * units + unit] = (name === 'o' ? hidden : cell) * ratio(dz[name][n] as number, total as number);
      }
      nextCell[unit] = (f[n] as number) * cell;
    }
    ofHidden = throughRecurrentKernel(recurrentKernel, ofGates, units);
    ofCell = nextCell;
    sum.before += Math.hypot(norm(ofHidden), norm(ofCell));
  }
}

/** U dz, [U]. */
function throughRecurrentKernel(recurrentKernel: Values, ofGates: Float64Array, units: number): Float64Array {
  return Float64Array.from({ length: units }, (_, row) => {
    let sum = 0;
    const start = row * 4 * units;
    for (let n = 0; n < 4 * units; n++) sum += (recurrentKernel[start + n] as number) * (ofGates[n] as number);
    return sum;
  });
}

/** Where the total derivative is 0 no loss reaches this unit from here on, the last term neither. */
function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** Whether what is carried to the step before is what a plain LSTM carries: f dc by the cell, U dz by h. */
function isPlain(values: FlowValues, steps: StepsOfFlow): boolean {
  const { units, dz, dc, dcCell, dhRecurrent, f, recurrentKernel } = values;
  const ofGates = new Float64Array(4 * units);
  const sample = 0;
  for (const t of steps.backwards) {
    const previous = steps.before(t);
    if (previous === null || !steps.isValid(sample, t)) continue;
    const offset = steps.offset(sample, t, units);
    for (const [gate, name] of GATE_NAMES.entries()) {
      for (let unit = 0; unit < units; unit++) ofGates[gate * units + unit] = dz[name][offset + unit] as number;
    }
    const target = steps.offset(sample, previous, units);
    const byH = throughRecurrentKernel(recurrentKernel, ofGates, units);
    const byCell = Float64Array.from({ length: units }, (_, unit) => {
      return (f[offset + unit] as number) * (dc[offset + unit] as number);
    });
    if (!isAlike(byH, dhRecurrent, target) || !isAlike(byCell, dcCell, target)) return false;
  }
  return true;
}

function isAlike(expected: Float64Array, values: Values, offset: number): boolean {
  const difference = expected.map((value, n) => value - (values[offset + n] as number));
  return norm(difference) <= AS_PLAIN * norm(expected) + 1e-30;
}
