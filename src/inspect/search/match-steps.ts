import { invalidArgument } from '../../core/errors.js';
import { AN_INTEGER, checkOptions, listOf, type OptionRules, required } from '../../core/options.js';
import { findSteps, type StepMatch } from './find-steps.js';
import {
  ON_RULES,
  type OnOptions,
  readSearched,
  requireSpan,
  requireUnit,
  type SpanToSelect,
  type TracesToSearch,
} from './searched-traces.js';

/** The options of `matchSteps`: a selection of steps, `from` and `to` included, and the units that are on there. */
export interface MatchStepsOptions extends OnOptions, SpanToSelect {
  /** Indices in the layer. */
  units: readonly number[];
}

const RULES: OptionRules = {
  ...ON_RULES,
  units: required(listOf('an array of indices of units', AN_INTEGER)),
  trace: AN_INTEGER,
  sample: AN_INTEGER,
  from: required(AN_INTEGER),
  to: required(AN_INTEGER),
};

/**
 * Finds where else these units are on together as in the selected steps: what they may have in common there. Each match is a
 * run of steps at which all of them are on, so that at least one is off just before and just after it. Runs at which the
 * units turn on and off as they do in the selection come first.
 *
 * ```ts
 * const [best] = matchSteps(trace, { units: [3, 17], sample: 0, from: 2, to: 4 });
 * best; // { trace: 0, sample: 2, from: 1, to: 3, overlap: 0.92 }
 * ```
 *
 * The idea is that of LSTMVis: Strobelt et al. 2018, "LSTMVis: A tool for visual analysis of hidden state dynamics in recurrent
 * neural networks", arXiv 1606.07461.
 *
 * @param traces One or several, of one LSTM; none is disposed.
 * @returns All runs, the greatest overlap first; none that shares a step with the selection.
 * @throws RangeError for what is not a trace, for traces of several LSTMs, and for a quantity, units or steps that there are
 *   not; Error for tensors on webgpu, which `traceValues` reads.
 * @category What a unit stands for
 */
export function matchSteps(traces: TracesToSearch, options: MatchStepsOptions): StepMatch[] {
  const where = 'matchSteps';
  checkOptions(where, options, RULES);
  const { units } = options;
  if (units.length === 0) throw invalidArgument(where, 'units must not be empty', units);
  const searched = readSearched(where, traces, options);
  for (const unit of units) requireUnit(where, searched, 'units', unit);
  const selection = requireSpan(where, searched, options);
  return findSteps(searched.sequences, selection, [...new Set(units)], searched.threshold);
}
