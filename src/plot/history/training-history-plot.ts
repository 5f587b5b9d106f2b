import { invalidArgument } from '../../core/errors.js';
import { GATE_NAMES, type GateName } from '../../core/quantities.js';
import type {
  MonitoredGate,
  MonitoredGates,
  MonitoredLayer,
  MonitoredNorms,
  MonitorHistory,
} from '../../inspect/monitor/history-types.js';
import { amount, lstmName } from '../../inspect/words.js';
import { CATEGORIES, type Theme } from '../rows/colours.js';
import { logAxis } from '../specification/log-axis.js';
import { givenOptions, PLOT_RULES, type PlotOptions } from '../specification/plot-options.js';
import { specification, type VegaLiteSpec } from '../specification/specification.js';
import { type Json, THEME_COLOURS } from '../specification/theme.js';

/** A number of a record to draw, null where there is none. */
type Line = { of: string; value: number | null };

interface Panel {
  title: string;
  unit: string;
  isLogarithmic: boolean;
  lines: (layer: MonitoredLayer) => Line[];
}

/**
 * What a `gateMonitor` recorded while a model trained, batch by batch: the loss and the norm of the gradient and, for each
 * LSTM, the means and saturation of its gates, the memory horizon, and the norms of weights and gradients. Warnings are
 * vertical lines at the batch at which they first appeared.
 *
 * ```ts
 * const monitor = gateMonitor({ inputs: x });
 * await model.fit(x, y, { callbacks: monitor });
 * show(await trainingHistoryPlot(monitor.history));
 * ```
 *
 * @param history `history` of a monitor, or the same parsed from JSON.
 * @throws RangeError (as a rejection) for what is not a `MonitorHistory` or has no record, and for options of the wrong
 *   type.
 * @category Pictures of training
 */
export async function trainingHistoryPlot(history: MonitorHistory, options: PlotOptions = {}): Promise<VegaLiteSpec> {
  const where = 'trainingHistoryPlot';
  const given = givenOptions(where, options, PLOT_RULES);
  requireHistory(where, history);
  const { width = 250, height = 110, theme = 'light' } = given;
  const size = { width, height };
  const loss = history.records.map(({ step, loss: value }) => ({ step, of: 'loss', value }));
  const norm = history.records.map(({ step, gradientNorm }) => ({ step, of: 'gradient norm', value: gradientNorm }));
  const whole = [
    linePanel({ title: 'loss', unit: 'loss', isLogarithmic: false }, loss, warningRows(history, null), size, theme),
    linePanel(
      { title: 'gradient of all weights (logarithmic)', unit: 'L2 norm', isLogarithmic: true },
      norm,
      [],
      size,
      theme,
    ),
  ];
  const layers = layerKeys(history).map((key) => {
    const warnings = warningRows(history, key);
    const panels = PANELS.map((panel) => linePanel(panel, layerRows(history, key, panel), warnings, size, theme));
    const drawn = panels.filter((panel) => panel !== null);
    return { title: { text: key, fontSize: 13 }, concat: drawn, columns: 3, ...INDEPENDENT };
  });
  return specification(
    given,
    { title: 'Training', subtitle: describe(history), width: 3 * width },
    {
      vconcat: [
        { concat: whole.filter((panel) => panel !== null), columns: 3, ...INDEPENDENT },
        ...layers.filter(({ concat }) => concat.length > 0),
      ],
      ...INDEPENDENT,
    },
  );
}

const INDEPENDENT = { resolve: { scale: { color: 'independent', strokeDash: 'independent' } } };

const PANELS: Panel[] = [
  {
    title: 'means of the gates',
    unit: 'mean',
    isLogarithmic: false,
    lines: ({ gates }) => gatesOf(gates).map(([gate, { mean }]) => ({ of: gate, value: mean })),
  },
  {
    title: 'saturated values',
    unit: 'fraction',
    isLogarithmic: false,
    lines: ({ gates }) =>
      gatesOf(gates).flatMap(([gate, { leftSaturated, rightSaturated }]) => [
        { of: `${gate} closed`, value: leftSaturated },
        { of: `${gate} open`, value: rightSaturated },
      ]),
  },
  {
    title: 'median memory horizon (logarithmic)',
    unit: 'timesteps',
    isLogarithmic: true,
    lines: ({ gates }) => [{ of: 'horizon', value: gates?.medianMemoryHorizon ?? null }],
  },
  {
    title: 'recurrent kernel',
    unit: 'L2 norm',
    isLogarithmic: false,
    lines: ({ weightNorms }) => normLines(weightNorms),
  },
  {
    title: 'gradient of the recurrent kernel (log)',
    unit: 'L2 norm',
    isLogarithmic: true,
    lines: ({ gradientNorms }) => normLines(gradientNorms),
  },
  {
    title: 'gradient through time, growth per step',
    unit: 'log growth',
    isLogarithmic: false,
    lines: ({ flow }) => [{ of: 'slope', value: flow?.slope ?? null }],
  },
];

/** The gates that are between closed and open; i, f and o, without values, of what was not looked at. */
function gatesOf(gates: MonitoredGates | null): [gate: string, of: MonitoredGate][] {
  const nothing = { mean: null, std: null, leftSaturated: null, rightSaturated: null, stuckUnits: 0 };
  if (gates === null) return ['i', 'f', 'o'].map((gate) => [gate, nothing]);
  return Object.entries(gates).filter((entry): entry is [string, MonitoredGate] => {
    return typeof entry[1] === 'object' && entry[1] !== null && 'leftSaturated' in entry[1];
  });
}

/** Of the recurrent kernel, which not every variant has. */
function normLines(norms: MonitoredNorms | null): Line[] {
  const byGate: Partial<MonitoredNorms['recurrentKernel']> = norms?.recurrentKernel ?? {};
  return Object.entries(byGate).map(([gate, value]) => ({ of: gate, value }));
}

function layerKeys({ records }: MonitorHistory): string[] {
  return [...new Set(records.flatMap(({ layers }) => layers.map(lstmName)))];
}

function layerRows({ records }: MonitorHistory, key: string, { lines }: Panel) {
  return records.flatMap(({ step, layers }) => {
    const layer = layers.find((candidate) => lstmName(candidate) === key);
    return layer === undefined ? [] : lines(layer).map((line) => ({ step, ...line }));
  });
}

function warningRows({ warnings }: MonitorHistory, key: string | null): Json[] {
  return warnings
    .filter(({ layerName, ...place }) => (layerName === null ? null : lstmName({ layerName, ...place })) === key)
    .map(({ step, severity, kind, message }) => ({ step, severity, kind, message }));
}

const STEP_AXIS: Json = {
  field: 'step',
  type: 'quantitative',
  title: 'batch',
  axis: { tickMinStep: 1, format: 'd', grid: false, tickCount: 5 },
};

const DASHES = [
  [1, 0],
  [6, 2],
  [2, 2],
  [8, 2, 2, 2],
  [4, 4],
  [1, 1],
];

/** Null where there is nothing to draw. */
function linePanel(
  { title, unit, isLogarithmic }: Omit<Panel, 'lines'>,
  rows: ({ step: number } & Line)[],
  warnings: Json[],
  size: { width: number; height: number },
  theme: Theme,
): Json | null {
  const drawn = rows.filter(({ value }) => value !== null && Number.isFinite(value) && (!isLogarithmic || value > 0));
  if (drawn.length === 0) return null;
  const names = [...new Set(rows.map(({ of }) => of))];
  const legend = names.length === 1 ? null : { title: null, symbolType: 'stroke', symbolSize: 200 };
  const linear = { scale: { zero: false }, axis: { tickCount: 4, format: '~g' } };
  const { scale, axis } = isLogarithmic ? logAxis(drawn.map(({ value }) => value as number)) : linear;
  // A gate has the same line in every panel.
  const order = (n: number) => Math.max(GATE_NAMES.indexOf(names[n] as GateName), n);
  const channel = { field: 'of', type: 'nominal', legend };
  return {
    ...size,
    title,
    layer: [
      {
        data: { values: drawn.map((row) => ({ ...row, value: Number((row.value as number).toPrecision(4)) })) },
        mark: { type: 'line', strokeWidth: 1.5, point: { size: 8 }, aria: false },
        encoding: {
          x: STEP_AXIS,
          y: { field: 'value', type: 'quantitative', title: unit, scale, axis },
          color: { ...channel, scale: { domain: names, range: names.map((_, n) => CATEGORIES[theme][order(n)]) } },
          strokeDash: { ...channel, scale: { domain: names, range: names.map((_, n) => DASHES[order(n)]) } },
          tooltip: [
            { field: 'step', type: 'quantitative', title: 'batch' },
            { field: 'of', type: 'nominal', title: 'of' },
            { field: 'value', type: 'quantitative', title: unit },
          ],
        },
      },
      ...(warnings.length === 0 ? [] : [warningLayer(warnings, theme)]),
    ],
  };
}

function warningLayer(warnings: Json[], theme: Theme): Json {
  return {
    data: { values: warnings },
    mark: { type: 'rule', strokeDash: [3, 3], strokeWidth: 1.5, color: THEME_COLOURS[theme].threshold },
    encoding: {
      x: STEP_AXIS,
      tooltip: ['step', 'severity', 'kind', 'message'].map((field) => ({ field, type: 'nominal', title: field })),
    },
  };
}

function describe({ records, warnings }: MonitorHistory): string[] {
  const last = records.at(-1)?.step ?? 0;
  const first = `${amount(records.length, 'report')} over ${last + 1} batches`;
  if (warnings.length === 0) return [`${first}; no warnings`];
  const shown = warnings
    .slice(0, 4)
    .map(({ step, layerName, kind }) => `batch ${step}: ${layerName ?? 'model'}, ${kind}`);
  const others = warnings.length - shown.length;
  return [`${first}; warnings are dashed lines`, ...shown, ...(others > 0 ? [`and ${others} more`] : [])];
}

function requireHistory(where: string, history: unknown): asserts history is MonitorHistory {
  const records = typeof history === 'object' && history !== null ? (history as Partial<MonitorHistory>).records : null;
  if (Array.isArray(records) && records.length > 0) return;
  throw invalidArgument(where, 'history must be a MonitorHistory with at least one record', history);
}
