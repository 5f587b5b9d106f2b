import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../../../src/index.js';
import { inspectionReport } from '../../../../src/plot/index.js';
import { useBackend } from '../../../../tools/backends.js';
import { randomTensor } from '../../../support/random.js';

/** Of a report: how large its model is. */
export interface ReportSize {
  layers: number;
  units: number;
  timesteps: number;
  samples: number;
}

/** Of a report: how many characters it has, and what it says that it leaves out. */
export interface MeasuredReport {
  length: number;
  said: string | undefined;
}

// Writes the reports of the sizes that are given as JSON, and prints what they measure.
await useBackend('wasm');
const measured: MeasuredReport[] = [];
for (const { layers, units, timesteps, samples } of JSON.parse(process.argv[2] as string) as ReportSize[]) {
  const model = tf.sequential({
    layers: Array.from({ length: layers }, (_, n) => {
      const shape = n === 0 ? { inputShape: [timesteps, 16] } : {};
      return lstm({ units, returnSequences: true, recurrentInitializer: 'glorotUniform', ...shape });
    }),
  });
  const html = await inspectionReport({ model, inputs: randomTensor([samples, timesteps, 16], 3) });
  measured.push({ length: html.length, said: html.match(/Reduced for size: ([^<]*)/)?.[1] });
}
console.log(JSON.stringify(measured));
