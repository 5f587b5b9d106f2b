import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { flowStatistics, gateStatistics, gradientFlowModel, traceLayer } from '../../src/inspect/index.js';
import {
  gateHeatmap,
  gateTimeline,
  gradientFlowPlot,
  inspectionReport,
  memoryHorizonPlot,
  saturationPlot,
  toPng,
  weightHeatmap,
} from '../../src/plot/index.js';
import { useFastestBackend } from '../../tools/backends.js';
import { loadDigits, splitDigits, toLabels, toSequences } from '../read-digits/digits.js';
import { trainOrdinaryModel } from '../see-gates/ordinary-model.js';

const SEED = 1;

/**
 * Writes pictures of a trained LSTM, and a report.
 *
 * @param folder Where to: the first argument of the command line, or `pictures`.
 * @param digits How many to train on, the second: fewer take less time and are read worse.
 */
async function main(folder: string, digits: number): Promise<void> {
  tf.enableProdMode();
  console.log(`Training an ordinary model with tf.layers.lstm, on the backend '${await useFastestBackend()}'.`);
  const { training, heldBack } = splitDigits(loadDigits(), { training: digits, heldBack: 100 }, SEED);
  const model = await trainOrdinaryModel(training, SEED);
  const [x, labels] = [toSequences(heldBack), toLabels(heldBack)];
  const layer = model.getLayer('reader');
  const trace = traceLayer(layer, x);
  const statistics = await gateStatistics(trace);
  const y = tf.expandDims(labels, 1);
  const [{ flow }] = gradientFlowModel(model, x, y) as [ReturnType<typeof gradientFlowModel>[0]];
  const pictures = {
    gates: await gateHeatmap(trace, { sortUnits: 'activity' }),
    units: await gateTimeline(trace),
    saturation: await saturationPlot(statistics),
    memory: await memoryHorizonPlot(statistics, { timesteps: x.shape[1] }),
    gradient: await gradientFlowPlot(await flowStatistics(flow)),
    weights: await weightHeatmap(layer),
  };
  mkdirSync(folder, { recursive: true });
  for (const [name, spec] of Object.entries(pictures)) {
    writeFileSync(join(folder, `${name}.png`), await toPng(spec, { scale: 1 }));
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(spec));
  }
  const sampleNames = heldBack.map(({ label }, n) => `${n}: a ${label}`);
  const report = await inspectionReport({
    model,
    inputs: x,
    labels: y,
    sampleNames,
    title: 'Reading digits row by row',
  });
  writeFileSync(join(folder, 'report.html'), report);
  console.log(`The pictures, as PNG and Vega-Lite, and report.html are in ${folder}.`);
  flow.dispose();
  trace.dispose();
  tf.dispose([x, labels, y]);
  model.dispose();
}

await main(process.argv[2] ?? 'pictures', Number(process.argv[3] ?? 3000));
