import { invalidArgument } from '../../core/errors.js';
import { aNumber, checkOptions, type OptionRules } from '../../core/options.js';
import type { GateTrace } from '../../layers/trace.js';
import { SATURATED } from '../words.js';
import { type GateStatistics, LayerStatistics } from './layer-statistics.js';
import { kindOfTrace, readTrace, type TraceKind } from './read-trace.js';
import { requireTrace } from './require-trace.js';
import type { GateStatisticsOptions } from './statistics-types.js';

/** Collects statistics over several traces (batches) of one layer. */
export interface GateStatisticsAccumulator {
  /**
   * Adds a trace. Its batch size and number of timesteps may differ from the others'. It is not disposed, but may be as soon
   * as the promise resolves.
   *
   * @throws RangeError (as a rejection) for what is not a trace, for a disposed one, and for one whose units or activations
   *   differ from the first's.
   */
  add(trace: GateTrace): Promise<void>;
  /**
   * The statistics of all traces so far, as if they were one batch.
   *
   * @throws Error if no trace was added.
   */
  result(): GateStatistics;
}

/**
 * Statistics over many batches, only one of which is in memory at a time.
 *
 * ```ts
 * const accumulator = gateStatisticsAccumulator();
 * for (const x of batches) {
 *   const trace = traceLayer(layer, x);
 *   await accumulator.add(trace);
 *   trace.dispose();
 * }
 * console.log(describeStatistics(accumulator.result()));
 * ```
 *
 * @throws RangeError for thresholds outside [0, 1] or in the wrong order.
 * @category In numbers and words
 */
export function gateStatisticsAccumulator(options: GateStatisticsOptions = {}): GateStatisticsAccumulator {
  return accumulatorNamed('gateStatisticsAccumulator', 'GateStatisticsAccumulator.add', options);
}

/** An accumulator whose errors name the functions that the user called. */
export function accumulatorNamed(
  where: string,
  whereAdding: string,
  options: GateStatisticsOptions,
): GateStatisticsAccumulator {
  checkOptions(where, options, RULES);
  const low = options.low ?? SATURATED.low;
  const high = options.high ?? SATURATED.high;
  if (!(low < high)) throw invalidArgument(where, `low must be below high = ${high}`, low);
  let statistics: LayerStatistics | null = null;
  return {
    async add(trace) {
      requireTrace(whereAdding, trace);
      const kind = kindOfTrace(trace);
      statistics ??= new LayerStatistics(kind, { low, high });
      requireSameKind(whereAdding, statistics.kind, kind);
      const target = statistics;
      target.add(await readTrace(trace));
    },
    result() {
      if (statistics === null) throw new Error('GateStatisticsAccumulator.result: a trace must be added first');
      return statistics.result();
    },
  };
}

const FRACTION = aNumber('a number within [0, 1]', (value) => value >= 0 && value <= 1);
const RULES: OptionRules = { low: FRACTION, high: FRACTION };

function requireSameKind(where: string, first: TraceKind, received: TraceKind): void {
  for (const name of ['units', 'activation', 'recurrentActivation'] as const) {
    if (received[name] === first[name]) continue;
    throw invalidArgument(where, `trace.${name} must be ${first[name]}, as in the first trace`, received[name]);
  }
  const shown = ({ widths }: TraceKind) =>
    Object.entries(widths ?? {})
      .map(([name, width]) => `${name} [${width}]`)
      .join(', ');
  if (shown(received) === shown(first)) return;
  const rule = `trace must be of the gates and states ${shown(first)}, as the first trace is`;
  throw invalidArgument(where, rule, shown(received));
}
