import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../../src/index.js';
import { inspectionReport } from '../../../src/plot/index.js';
import { useBackend } from '../../../tools/backends.js';
import { randomTensor } from '../../support/random.js';

beforeAll(() => useBackend('cpu'));

/** What a page has beside the traces: its script, its style, its words and small pictures. */
const MOST_BESIDE = 200_000;

test('A page is not larger than the traces that it may hold and what is always there', async () => {
  const layers = [lstm({ units: 32, returnSequences: true, inputShape: [60, 4] })];
  const largestBytes = 60_000;
  const html = await inspectionReport({
    model: tf.sequential({ layers }),
    inputs: randomTensor([8, 60, 4], 3),
    largestBytes,
  });
  expect(html.length).toBeLessThan(largestBytes + MOST_BESIDE);
  expect(html.length).toBeGreaterThan(largestBytes / 2);
});
