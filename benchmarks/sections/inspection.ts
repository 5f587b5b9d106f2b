import * as tf from '@tensorflow/tfjs';
import { lstmCell } from '../../src/index.js';
import {
  diagnose,
  flowStatistics,
  type GradientFlow,
  gateStatistics,
  gradientFlow,
  gradientFlowModel,
  inputSensitivity,
  type LayerFlow,
  traceLayer,
} from '../../src/inspect/index.js';
import { type NodeBackend, useBackend } from '../../tools/backends.js';
import { fitExponent } from '../exponent.js';
import { makeLayers } from '../layers.js';
import type { BenchmarkOptions } from '../options.js';
import { formatTable } from '../report.js';
import type { Section } from '../section.js';
import { formatShape, type Shape } from '../shapes.js';
import { spreadOf } from '../spread.js';

/** How the time of one function grows with one size. */
export interface InspectionGrowth {
  backend: string;
  function: string;
  size: string;
  /** Milliseconds at each value of the size. */
  points: Array<{ value: number; milliseconds: number }>;
  /** k in time = a · size^k. */
  exponent: number;
}

const SERIES = [
  {
    size: 'T',
    values: [50, 100, 200, 400, 800],
    shapeAt: (timesteps: number): Shape => ({ batch: 2, timesteps, features: 16, units: 32 }),
  },
  {
    size: 'U',
    values: [16, 32, 64, 128, 256],
    shapeAt: (units: number): Shape => ({ batch: 2, timesteps: 50, features: 16, units }),
  },
];

const LEAST_ROUNDS = 3;

export const inspectionSection: Section = {
  title: 'Growth of every inspection with T (2xTx16x32) and with U (2x50x16xU)',
  run: async (options) => {
    const growth: InspectionGrowth[] = [];
    for (const backend of options.backends) {
      await useBackend(backend);
      for (const series of SERIES) growth.push(...(await measureSeries(backend, series, options)));
    }
    return { results: [], tables: [formatGrowth(growth)], data: growth };
  },
};

async function measureSeries(
  backend: NodeBackend,
  { size, values, shapeAt }: (typeof SERIES)[number],
  options: BenchmarkOptions,
): Promise<InspectionGrowth[]> {
  const points = new Map<string, InspectionGrowth['points']>();
  for (const value of values) {
    const shape = shapeAt(value);
    console.error(`inspection, ${backend}, ${formatShape(shape)}`);
    for (const [name, milliseconds] of await measureInspections(shape, options)) {
      points.set(name, [...(points.get(name) ?? []), { value, milliseconds }]);
    }
  }
  return [...points].map(([name, measured]) => ({
    backend,
    function: name,
    size,
    points: measured,
    exponent: fitExponent(measured.map(({ value, milliseconds }) => ({ x: value, y: milliseconds }))),
  }));
}

/** Median milliseconds of each inspection of one layer, of a model of it with a dense layer, and of stacked cells. */
async function measureInspections(shape: Shape, options: BenchmarkOptions): Promise<Map<string, number>> {
  const { explicit, x, dispose } = makeLayers(shape, options);
  const model = tf.sequential({ layers: [explicit, tf.layers.dense({ units: 1 })] });
  model.compile({ loss: 'meanSquaredError', optimizer: 'sgd' });
  const stacked = stackedModel(shape);
  const labels = tf.ones([shape.batch, 1]);
  const loss = (h: tf.Tensor3D) => tf.mean(tf.square(h)) as tf.Scalar;
  const trace = traceLayer(explicit, x);
  const flow = gradientFlow(explicit, x, loss);
  const inspections: Record<string, () => unknown> = {
    traceLayer: () => read(traceLayer(explicit, x)),
    gateStatistics: () => gateStatistics(trace),
    gradientFlow: () => readFlow(gradientFlow(explicit, x, loss)),
    flowStatistics: () => flowStatistics(flow),
    inputSensitivity: () => read({ h: inputSensitivity(explicit, x), dispose: () => {} }),
    diagnose: () => diagnose(model, x, labels),
    'gradientFlowModel, stacked cells': () => readFlows(gradientFlowModel(stacked, x, labels)),
  };
  const medians = new Map<string, number>();
  for (const [name, run] of Object.entries(inspections)) medians.set(name, await medianTime(run, options));
  trace.dispose();
  flow.dispose();
  labels.dispose();
  model.layers[1]?.dispose();
  stacked.dispose();
  dispose();
  return medians;
}

/** tfjs's own layer over two cells that it steps one after the other at each timestep, and a dense layer. */
function stackedModel({ timesteps, features, units }: Shape): tf.LayersModel {
  // tfjs warns of orthogonal matrices of these sizes.
  const args = { units, recurrentInitializer: 'glorotNormal' } as const;
  const cell = [lstmCell(args), lstmCell(args)];
  const inputShape = [timesteps, features];
  const model = tf.sequential({
    layers: [tf.layers.rnn({ cell, inputShape } as tf.RNNLayerArgs), tf.layers.dense({ units: 1 })],
  });
  model.compile({ loss: 'meanSquaredError', optimizer: 'sgd' });
  return model;
}

/** Waits until a backend has computed the hidden states. */
async function read({ h, dispose }: { h: tf.Tensor; dispose: () => void }): Promise<void> {
  await h.data();
  h.dispose();
  dispose();
}

async function readFlow(flow: GradientFlow): Promise<void> {
  await flow.dh0.data();
  flow.dispose();
}

async function readFlows(flows: LayerFlow[]): Promise<void> {
  for (const { flow } of flows) await readFlow(flow);
}

async function medianTime(run: () => unknown, { seconds }: BenchmarkOptions): Promise<number> {
  await run();
  const times: number[] = [];
  const started = performance.now();
  while (times.length < LEAST_ROUNDS || performance.now() - started < 250 * seconds) {
    const before = performance.now();
    await run();
    times.push(performance.now() - before);
  }
  return spreadOf(times).median;
}

function formatGrowth(growth: readonly InspectionGrowth[]): string {
  return formatTable(
    ['backend', 'function', 'size', 'from', 'ms', 'to', 'ms', 'exponent'],
    growth.map(({ backend, function: name, size, points, exponent }) => {
      const first = points[0];
      const last = points.at(-1);
      return [
        backend,
        name,
        size,
        String(first?.value),
        (first?.milliseconds ?? 0).toFixed(1),
        String(last?.value),
        (last?.milliseconds ?? 0).toFixed(1),
        exponent.toFixed(2),
      ];
    }),
  );
}
