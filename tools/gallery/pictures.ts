import * as tf from '@tensorflow/tfjs';
import { type GateTrace, gateStatistics } from '../../src/inspect/index.js';
import {
  activationText,
  comparisonPlot,
  gateHeatmap,
  gateTimeline,
  gradientFlowPlot,
  gradientHistogram,
  type InputSensitivityPlotOptions,
  inputSensitivityPlot,
  memoryHorizonPlot,
  saturationPlot,
  type Theme,
  trainingHistoryPlot,
  type VegaLiteSpec,
  weightHeatmap,
  weightHistogram,
} from '../../src/plot/index.js';
import { randomNumbers } from '../random-numbers.js';
import { flowOf, flowStatisticsOf, historyOf, layerOf, type TraceKind, traceOf } from './data.js';

/** Makes a picture's specification. */
export type Draw = (theme: Theme) => Promise<VegaLiteSpec>;

const TEXT = 'So shaken as we are, so wan with care, find we a time for frighted peace to pant.';
const WORDS = 'a unit that counts the open quotes of a long sentence until it ends'.split(' ');

async function ofTrace<Result>(kind: TraceKind, draw: (trace: GateTrace) => Promise<Result>): Promise<Result> {
  const trace = traceOf(kind);
  try {
    return await draw(trace);
  } finally {
    trace.dispose();
  }
}

const named = (trace: GateTrace) => ({ layerName: 'encoder', direction: 'backward' as const, cell: 0, call: 0, trace });

const statisticsOf = (kind: TraceKind) => ofTrace(kind, (trace) => gateStatistics(trace));

/** Units whose horizons are nearly the same. */
async function alike() {
  const statistics = await statisticsOf({ timesteps: 30, units: 12 });
  return { ...statistics, memoryHorizon: statistics.memoryHorizon.map((_, unit) => 5 + unit / 50) };
}

function sensitivityOf(timesteps: number, hasNonFinite = false): tf.Tensor2D {
  const random = randomNumbers(timesteps);
  const values = Array.from({ length: timesteps }, (_, t) => random() * 0.9 ** (timesteps - t));
  if (hasNonFinite) values[1] = Number.NaN;
  return tf.tensor2d(values, [1, timesteps]);
}

async function sensitivity(
  timesteps: number,
  theme: Theme,
  options: InputSensitivityPlotOptions = {},
  hasNonFinite = false,
): Promise<VegaLiteSpec> {
  const tensor = sensitivityOf(timesteps, hasNonFinite);
  try {
    return await inputSensitivityPlot(tensor, { theme, ...options });
  } finally {
    tensor.dispose();
  }
}

/** Small pictures of every kind: the tests hold them to what was reviewed. */
export const REVIEWED: Record<string, Draw> = {
  'heatmap-1x1': (theme) => ofTrace({ timesteps: 1, units: 1 }, (trace) => gateHeatmap(trace, { theme })),
  'heatmap-masked-nan': (theme) =>
    ofTrace({ timesteps: 12, units: 3, isMasked: true, hasNonFinite: true }, (trace) =>
      gateHeatmap(named(trace), { theme, sortUnits: 'activity' }),
    ),
  'heatmap-labels': (theme) =>
    ofTrace({ timesteps: 13, units: 2 }, (trace) =>
      gateHeatmap(trace, { theme, timeLabels: WORDS.slice(0, 13), quantities: ['f', 'h'] }),
    ),
  'heatmap-outlier': (theme) =>
    ofTrace({ timesteps: 30, units: 8, hasOutlier: true }, (trace) =>
      gateHeatmap(trace, { theme, quantities: ['f', 'c'] }),
    ),
  'timeline-masked-nan': (theme) =>
    ofTrace({ timesteps: 12, units: 4, isMasked: true, hasNonFinite: true }, (trace) =>
      gateTimeline(named(trace), { theme, units: [0, 2] }),
    ),
  'timeline-1': (theme) =>
    ofTrace({ timesteps: 1, units: 1 }, (trace) => gateTimeline(trace, { theme, quantities: ['f', 'c'] })),
  'timeline-letters': (theme) =>
    ofTrace({ timesteps: 30, units: 2 }, (trace) =>
      gateTimeline(trace, { theme, timeLabels: [...TEXT].slice(0, 30), quantities: ['i', 'h'] }),
    ),
  'text-masked-nan': (theme) =>
    ofTrace({ timesteps: 30, units: 2, isMasked: true, hasNonFinite: true }, (trace) =>
      activationText(named(trace), { theme, timeLabels: [...TEXT].slice(0, 30), unit: 0, quantity: 'c', width: 200 }),
    ),
  saturation: async (theme) => saturationPlot(await statisticsOf({ timesteps: 20, units: 8 }), { theme }),
  'saturation-named-nan': async (theme) =>
    saturationPlot(
      {
        first: await statisticsOf({ timesteps: 20, units: 3, hasNonFinite: true }),
        second: await statisticsOf({ timesteps: 1, units: 1, hasNonFinite: true, seed: 2 }),
      },
      { theme, stuckFraction: 0.75 },
    ),
  horizons: async (theme) =>
    memoryHorizonPlot(await statisticsOf({ timesteps: 20, units: 30 }), { theme, timesteps: 20 }),
  'horizons-alike': async (theme) => memoryHorizonPlot(await alike(), { theme, timesteps: 30 }),
  'horizons-named': async (theme) =>
    memoryHorizonPlot(
      {
        first: await statisticsOf({ timesteps: 20, units: 5, hasNonFinite: true }),
        second: await statisticsOf({ timesteps: 20, units: 5, forget: 0.99, hasOutlier: true }),
      },
      { theme },
    ),
  comparison: async (theme) =>
    comparisonPlot(
      {
        before: await statisticsOf({ timesteps: 20, units: 8 }),
        after: await statisticsOf({ timesteps: 20, units: 8, forget: 0.97, seed: 3 }),
      },
      { theme },
    ),
  'gradient-flow': (theme) => gradientFlowPlot(flowStatisticsOf(12, 0.5), { theme }),
  'gradient-flow-gaps': (theme) =>
    gradientFlowPlot(flowStatisticsOf(13, 0.97, true), { theme, timeLabels: WORDS.slice(0, 13) }),
  'gradient-histogram': (theme) => gradientHistogram(flowOf(3, 5, 1.3e-4, true), { theme }),
  sensitivity: (theme) => sensitivity(12, theme, { timeLabels: WORDS.slice(0, 12) }),
  'sensitivity-nan': (theme) => sensitivity(5, theme, {}, true),
  weights: (theme) => weightHeatmap(layerOf(3, 2), { theme }),
  'weight-histogram': (theme) => weightHistogram(layerOf(3, 2), { theme }),
  history: (theme) => trainingHistoryPlot(historyOf(8), { theme }),
};

const SIZES = [1, 2, 30, 500];
const LENGTHS = [1, 30, 2000];

/** Every size that a picture must bear. */
export function sizes(): Record<string, Draw> {
  const pictures: Record<string, Draw> = {};
  for (const units of SIZES) {
    for (const timesteps of LENGTHS) {
      const kind = { timesteps, units, isMasked: units === 30, hasNonFinite: units === 2, hasOutlier: units === 500 };
      const size = `${units}x${timesteps}`;
      pictures[`heatmap-${size}`] = (theme) => ofTrace(kind, (trace) => gateHeatmap(trace, { theme }));
      pictures[`timeline-${size}`] = (theme) => ofTrace(kind, (trace) => gateTimeline(trace, { theme }));
      if (timesteps === 2000 && units > 2) continue;
      pictures[`saturation-${size}`] = async (theme) => saturationPlot(await statisticsOf(kind), { theme });
      pictures[`horizons-${size}`] = async (theme) => memoryHorizonPlot(await statisticsOf(kind), { theme, timesteps });
    }
    pictures[`weights-${units}`] = (theme) => weightHeatmap(layerOf(units, 3), { theme });
    pictures[`weight-histogram-${units}`] = (theme) => weightHistogram(layerOf(units, 3), { theme });
    pictures[`gradient-histogram-${units}`] = (theme) => gradientHistogram(flowOf(units, 4, 10 ** -units), { theme });
  }
  for (const timesteps of LENGTHS) {
    pictures[`gradient-flow-${timesteps}`] = (theme) => gradientFlowPlot(flowStatisticsOf(timesteps, 0.9), { theme });
    pictures[`sensitivity-${timesteps}`] = (theme) => sensitivity(timesteps, theme);
    pictures[`text-${timesteps}`] = (theme) =>
      ofTrace({ timesteps, units: 2 }, (trace) => {
        const timeLabels = Array.from({ length: timesteps }, (_, t) => TEXT[t % TEXT.length] as string);
        return activationText(trace, { theme, timeLabels, unit: 1 });
      });
  }
  pictures['timeline-letters-80'] = (theme) =>
    ofTrace({ timesteps: 80, units: 2 }, (trace) => gateTimeline(trace, { theme, timeLabels: [...TEXT].slice(0, 80) }));
  pictures['timeline-letters-300'] = (theme) =>
    ofTrace({ timesteps: 300, units: 2 }, (trace) =>
      gateTimeline(trace, {
        theme,
        timeLabels: Array.from({ length: 300 }, (_, t) => TEXT[t % TEXT.length] as string),
      }),
    );
  pictures['history-1'] = (theme) => trainingHistoryPlot(historyOf(1), { theme });
  pictures['history-200'] = (theme) => trainingHistoryPlot(historyOf(200), { theme });
  return pictures;
}
