import { invalidArgument } from '../../core/errors.js';
import { type GateStatistics, gateSummariesOf, memoryHorizonOf } from '../../inspect/statistics/layer-statistics.js';
import { lowerMedian, medianHorizon } from '../../inspect/words.js';
import { plainNumber } from '../rows/plain-number.js';
import { givenOptions, PLOT_RULES, type PlotOptions } from '../specification/plot-options.js';
import { specification, type VegaLiteSpec } from '../specification/specification.js';
import { type Json, THEME_COLOURS } from '../specification/theme.js';
import {
  describeNonFiniteGates,
  gatesOf,
  type NamedStatistics,
  namedStatistics,
  titleOfGate,
} from './named-statistics.js';

/**
 * Two or more models, or one model before and after training, side by side: for each gate, how its units are spread
 * between never and always closed, and never and always open; and how long the cells remember. One tick per unit; the dot
 * is the median.
 *
 * ```ts
 * show(await comparisonPlot({ before: await gateStatistics(untrained), after: await gateStatistics(trained) }));
 * ```
 *
 * @param statistics At least two, by the names used in the picture. Their numbers of units may differ.
 * @throws RangeError (as a rejection) for fewer than two, for what is not a `GateStatistics`, and for options of the wrong
 *   type.
 * @category Pictures of statistics
 */
export async function comparisonPlot(
  statistics: Readonly<Record<string, GateStatistics>>,
  options: PlotOptions = {},
): Promise<VegaLiteSpec> {
  const where = 'comparisonPlot';
  const given = givenOptions(where, options, PLOT_RULES);
  const named = namedStatistics(where, statistics);
  if (named.length < 2)
    throw invalidArgument(where, 'statistics must be at least two, by name', Object.keys(statistics));
  const { width = 180, height = 26 * named.length, theme = 'light' } = given;
  const names = named.map(({ name }) => name);
  const gates = gatesOf(where, named);
  const measures = measuresOf(
    gates,
    named.some((entry) => memoryHorizonOf(entry.statistics) !== null),
  );
  return specification(
    given,
    {
      title: `Compared: ${names.join(', ')}`,
      subtitle: [
        'one tick per unit; the dot is the median; infinite horizons are not drawn',
        ...describeNonFiniteGates(named, gates),
      ],
      width: 3 * width,
    },
    {
      concat: measures.map((measure) => ({
        width,
        height,
        title: measure.title,
        data: { values: named.flatMap((entry) => unitRows(entry.name, measure.values(entry.statistics))) },
        layer: measureLayers(measure, named, THEME_COLOURS[theme].text),
      })),
      columns: 3,
      resolve: { scale: { x: 'independent' } },
    },
  );
}

function measureLayers(measure: Measure, named: NamedStatistics[], dotColour: string): Json[] {
  const { title, isHorizon } = measure;
  const names = named.map(({ name }) => name);
  const scale = isHorizon ? { type: 'symlog', constant: 1 } : { domain: [0, 1] };
  const values = isHorizon ? [0, 1, 3, 10, 30, 100, 300, 1000, 10000] : [0, 0.5, 1];
  const axis = { title: isHorizon ? 'timesteps' : 'fraction of steps', values, format: '.5~g' };
  const x = { field: 'value', type: 'quantitative', scale, axis };
  const y = { field: 'model', type: 'nominal', sort: null, scale: { domain: names }, axis: { title: null } };
  const color = { field: 'model', type: 'nominal', scale: { domain: names }, legend: null };
  const tooltip = [
    { field: 'model', type: 'nominal', title: 'model' },
    { field: 'unit', type: 'quantitative', title: 'unit' },
    { field: 'value', type: 'quantitative', title },
  ];
  return [
    {
      mark: { type: 'tick', thickness: 1.5, opacity: 0.55, bandSize: 14, aria: false },
      encoding: { x, y, color, tooltip },
    },
    {
      data: { values: named.flatMap((entry) => medianRow(entry, measure)) },
      mark: { type: 'point', filled: true, size: 50, color: dotColour, opacity: 1 },
      encoding: { x, y },
    },
  ];
}

interface Measure {
  title: string;
  isHorizon: boolean;
  /** [U]. */
  values: (statistics: GateStatistics) => (number | null)[];
}

/** Of each gate that one of them has at least, how often it is closed and open; and how long they remember. */
function measuresOf(gates: readonly string[], hasHorizon: boolean): Measure[] {
  const ofGates = (['leftSaturated', 'rightSaturated'] as const).flatMap((fraction) =>
    gates.map((gate): Measure => {
      const name = GATES[gate] ?? titleOfGate(gate);
      const find = (statistics: GateStatistics) => gateSummariesOf(statistics).find(([found]) => found === gate)?.[1];
      return {
        title: `${name} ${fraction === 'leftSaturated' ? 'closed' : 'open'}`,
        isHorizon: false,
        values: (statistics) => find(statistics)?.[fraction] ?? [],
      };
    }),
  );
  const horizon: Measure = { title: 'memory horizon', isHorizon: true, values: (of) => memoryHorizonOf(of) ?? [] };
  return hasHorizon ? [...ofGates, horizon] : ofGates;
}

const GATES: Readonly<Record<string, string>> = { i: 'input gate', f: 'forget gate', o: 'output gate' };

/** None where the median is infinite, or of no value at all. */
function medianRow({ name, statistics }: NamedStatistics, { isHorizon, values }: Measure): Json[] {
  const ofUnits = values(statistics);
  const median = isHorizon ? medianHorizon(ofUnits) : lowerMedian(ofUnits.filter((value) => value !== null));
  return median === null || median === undefined ? [] : [{ model: name, value: plainNumber(median) }];
}

function unitRows(model: string, values: (number | null)[]): Json[] {
  return values.flatMap((value, unit) => (value === null ? [] : [{ model, unit, value: plainNumber(value) }]));
}
