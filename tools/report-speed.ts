import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { lstm } from '../src/index.js';
import { inspectionReport } from '../src/report/index.js';
import { launchChromium } from '../test/browser/chromium.js';
import { useBackend } from './backends.js';

/**
 * When the heatmap and its numbers are drawn, and a key is answered; and when all the first screen is. Two frames after
 * something is there it is drawn. Text, as tsx would call functions of its own in it.
 */
const DRAWN = `(async () => {
  const frame = () => new Promise(requestAnimationFrame);
  const drawn = async (isThere) => {
    while (!isThere()) await frame();
    await frame();
    await frame();
    return performance.now();
  };
  return Promise.all([
    drawn(() => document.getElementById('place').textContent !== ''),
    drawn(() => document.querySelector('#timeline svg') !== null),
  ]);
})()`;

/** Layers of so many units, over so many timesteps of so many samples. */
const REPORTS = [
  { layers: 3, units: 128, timesteps: 240, samples: 8 },
  { layers: 1, units: 500, timesteps: 2000, samples: 1 },
];
const FEATURES = 16;
const REPEATS = 5;

// Prints how large reports are, and how long Chromium takes from opening one until it is drawn and can be used.
await useBackend('wasm');
const browser = await launchChromium();
const folder = mkdtempSync(join(tmpdir(), 'explicit-lstm-report-'));
try {
  for (const { layers, units, timesteps, samples } of REPORTS) {
    const model = tf.sequential({
      layers: Array.from({ length: layers }, (_, n) => {
        const shape = n === 0 ? { inputShape: [timesteps, FEATURES] } : {};
        return lstm({ units, returnSequences: true, recurrentInitializer: 'glorotUniform', ...shape });
      }),
    });
    const inputs = tf.randomNormal([samples, timesteps, FEATURES], 0, 1, 'float32', 3);
    const html = await inspectionReport({ model, inputs });
    tf.dispose([inputs, model.getWeights()]);
    const file = join(folder, 'report.html');
    writeFileSync(file, html);
    const usable: number[] = [];
    const whole: number[] = [];
    for (let n = 0; n < REPEATS; n++) {
      const page = await browser.newPage();
      await page.goto(pathToFileURL(file).href);
      const [first, last] = await page.evaluate<[number, number]>(DRAWN);
      usable.push(first);
      whole.push(last);
      await page.close();
    }
    const best = (times: number[]) => `${Math.min(...times).toFixed(0)} ms`;
    const said = html.match(/Reduced for size: [^<]*/)?.[0] ?? 'nothing is left out';
    console.log(
      `${layers} x ${units} units, ${timesteps} steps, ${samples} samples: ${(html.length / 1e6).toFixed(2)} MB, usable after ${best(usable)} at best, the first screen whole after ${best(whole)}; ${said}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
  await browser.close();
}
