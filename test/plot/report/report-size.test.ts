import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../../src/index.js';
import { inspectionReport } from '../../../src/plot/index.js';
import { useBackend } from '../../../tools/backends.js';
import { randomTensor } from '../../support/random.js';

beforeAll(() => useBackend('cpu'));

const LARGEST = 2_000_000;

const stack = (layers: number, units: number, timesteps: number, features: number) =>
  tf.sequential({
    layers: Array.from({ length: layers }, (_, n) => {
      const shape = n === 0 ? { inputShape: [timesteps, features] } : {};
      return lstm({ units, returnSequences: true, recurrentInitializer: 'glorotUniform', ...shape });
    }),
  });

test('Three layers of 128 units over 240 steps of 8 samples are a page of less than 2 MB, with all of them in it', async () => {
  const html = await inspectionReport({ model: stack(3, 128, 240, 16), inputs: randomTensor([8, 240, 16], 3) });
  expect(html.length).toBeLessThan(LARGEST);
  const [drawn] = html.match(/<p class="quiet">(All|The first) [^<]*/) ?? [''];
  expect(drawn).toMatch(/All 8 samples\.( Reduced for size: values are rounded to one of \d+ levels\.)?$/);
});
