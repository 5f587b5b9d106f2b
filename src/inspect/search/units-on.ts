import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { checkOptions } from '../../core/options.js';
import { findUnits, type Step, type UnitMatch } from './find-units.js';
import { isValidStep, type SearchedSequence } from './searched-sequence.js';
import {
  ON_RULES,
  type OnOptions,
  readSearched,
  requireSpan,
  type Searched,
  type SpanToSelect,
  type TracesToSearch,
} from './searched-traces.js';

/**
 * Selected steps: spans of samples, or whether a step is selected, or the same as a tensor, [B, T], not 0 where a step is
 * selected, one for each trace.
 */
export type StepSelection =
  | SpanToSelect
  | readonly SpanToSelect[]
  | ((step: Step) => boolean)
  | tf.Tensor
  | readonly tf.Tensor[];

/**
 * Ranks units by how well they respond to the selected steps: how well the steps at which a unit is on, over all samples, are
 * the selected ones. A selection is a span of a text, say, or all steps at which an input feature is high.
 *
 * ```ts
 * unitsOn(trace, { sample: 2, from: 1, to: 4 });
 * unitsOn(trace, ({ sample, timestep }) => sample === 0 && text[timestep] === ' ');
 * unitsOn(trace, x.slice([0, 0, 3], [-1, -1, 1]).squeeze([2]).greater(0.5)); // input feature 3 is high
 * // [{ unit: 7, overlap: 0.81, sharedSteps: 130, onSteps: 152, selectedSteps: 139 }, …]
 * ```
 *
 * @param traces One or several, of one LSTM; none is disposed.
 * @param selection Neither are its tensors.
 * @returns The units that are on at a selected step at least, the greatest overlap (Jaccard index) first. Masked steps do not
 *   count.
 * @throws RangeError for what is not a trace, for traces of several LSTMs, for a quantity or steps that there are not, and for
 *   a selection without a valid step; Error for tensors on webgpu, which `traceValues` reads.
 * @category What a unit stands for
 */
export function unitsOn(traces: TracesToSearch, selection: StepSelection, options: OnOptions = {}): UnitMatch[] {
  const where = 'unitsOn';
  checkOptions(where, options, ON_RULES);
  const searched = readSearched(where, traces, options);
  const isSelected = readSelection(where, searched, selection);
  if (!searched.sequences.some((sequence, trace) => hasSelected(sequence, trace, isSelected))) {
    throw invalidArgument(where, 'selection must have a step that is not masked', selection);
  }
  return findUnits(searched.sequences, isSelected, searched.threshold);
}

function readSelection(where: string, searched: Searched, selection: StepSelection): (step: Step) => boolean {
  if (typeof selection === 'function') return (step) => Boolean(selection(step));
  const parts: readonly unknown[] = Array.isArray(selection) ? selection : [selection];
  if (parts.length > 0 && parts.every((part) => part instanceof tf.Tensor)) return readTensors(where, searched, parts);
  const spans = parts.map((span) => {
    if (typeof span !== 'object' || span === null || span instanceof tf.Tensor) {
      throw invalidArgument(where, 'selection must be spans { sample, from, to }, a function, or tensors [B, T]', span);
    }
    return requireSpan(where, searched, span as SpanToSelect);
  });
  return ({ trace, sample, timestep }) =>
    spans.some(
      (span) => span.trace === trace && span.sample === sample && span.from <= timestep && timestep <= span.to,
    );
}

function readTensors(where: string, { sequences }: Searched, tensors: readonly tf.Tensor[]): (step: Step) => boolean {
  if (tensors.length !== sequences.length) {
    throw invalidArgument(where, `selection must have a tensor for each of ${sequences.length} traces`, tensors.length);
  }
  for (const [n, { batch, timesteps }] of sequences.entries()) {
    const { shape } = tensors[n] as tf.Tensor;
    if (tf.util.arraysEqual(shape, [batch, timesteps])) continue;
    throw invalidArgument(where, `selection must be [B, T] = [${batch}, ${timesteps}]`, shape);
  }
  const values = tensors.map((tensor) => tensor.dataSync());
  return ({ trace, sample, timestep }) => {
    const { timesteps } = sequences[trace] as SearchedSequence;
    return values[trace]?.[sample * timesteps + timestep] !== 0;
  };
}

function hasSelected(sequence: SearchedSequence, trace: number, isSelected: (step: Step) => boolean): boolean {
  for (let sample = 0; sample < sequence.batch; sample++) {
    for (let timestep = 0; timestep < sequence.timesteps; timestep++) {
      if (isValidStep(sequence, sample, timestep) && isSelected({ trace, sample, timestep })) return true;
    }
  }
  return false;
}
