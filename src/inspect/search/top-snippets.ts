import { A_POSITIVE_INTEGER, AN_INTEGER, checkOptions, type OptionRules, required } from '../../core/options.js';
import { findSnippets, type Snippet } from './find-snippets.js';
import { QUANTITY_RULES, readSearched, requireUnit, type TracesToSearch } from './searched-traces.js';

/** The options of `topSnippets`. */
export interface TopSnippetsOptions {
  /** Its index in the layer. */
  unit: number;
  /** A gate or a state, by its name in the trace. Default: 'h'. */
  quantity?: string | undefined;
  /** Steps of a snippet; a shorter sequence is one snippet. Default: 20. */
  length?: number | undefined;
  /** How many snippets at most. Default: 10. */
  count?: number | undefined;
}

const RULES: OptionRules = {
  ...QUANTITY_RULES,
  unit: required(AN_INTEGER),
  length: A_POSITIVE_INTEGER,
  count: A_POSITIVE_INTEGER,
};

const LENGTH = 20;
const COUNT = 10;

/**
 * Finds where a unit's value is largest over all samples, with the steps around: what the unit stands for is often seen from what
 * these have in common.
 *
 * ```ts
 * for (const { sample, from, to, value } of topSnippets(trace, { unit: 7, length: 12 })) {
 *   console.log(value, `sample ${sample}:`, text.slice(from, to + 1));
 * }
 * ```
 *
 * As in Karpathy, Johnson and Li 2015, "Visualizing and understanding recurrent networks", arXiv 1506.02078.
 *
 * @param traces One or several, of one LSTM; none is disposed.
 * @returns Snippets with the largest values first, `from` and `to` included; no step with a large value in two of them. Masked
 *   steps, NaN and infinite values are no largest values.
 * @throws RangeError for what is not a trace, for traces of several LSTMs, and for a quantity or unit that there is not; Error
 *   for tensors on webgpu, which `traceValues` reads.
 * @category What a unit stands for
 */
export function topSnippets(traces: TracesToSearch, options: TopSnippetsOptions): Snippet[] {
  const where = 'topSnippets';
  checkOptions(where, options, RULES);
  const { unit, quantity, length, count } = options;
  const searched = readSearched(where, traces, { quantity });
  requireUnit(where, searched, 'unit', unit);
  return findSnippets(searched.sequences, unit, length ?? LENGTH, count ?? COUNT);
}
