// A program of its own: the largest memory that a process ever had can only be asked once.
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { loadKeras } from '../../src/convert/index.js';

/** What opening a file took. */
export interface Opening {
  milliseconds: number;
  /** How much more memory the process had at its peak than before, in bytes. */
  peakBytes: number;
  /** Of the weights in the model that came out, to see that it is the file's. */
  sum: number;
}

async function open(path: string): Promise<Opening> {
  tf.enableProdMode();
  await tf.setBackend('cpu');
  await tf.ready();
  const before = highWaterMark();
  const start = performance.now();
  const model = await loadKeras(path);
  const milliseconds = performance.now() - start;
  const peakBytes = highWaterMark() - before;
  const bias = model.getWeights()[2] as tf.Tensor;
  return { milliseconds, peakBytes, sum: Array.from(bias.dataSync()).reduce((sum, value) => sum + Math.abs(value), 0) };
}

/** Of the memory that the process has had at most, in bytes. */
function highWaterMark(): number {
  const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return 1024 * Number(kilobytes);
}

open(process.argv[2] as string).then(
  (measured) => console.log(JSON.stringify(measured)),
  (error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
