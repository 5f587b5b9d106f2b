import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../../src/index.js';
import { inspectionReport } from '../../../src/plot/index.js';
import { useBackend } from '../../../tools/backends.js';
import { randomTensor } from '../../support/random.js';

beforeAll(() => useBackend('wasm'));

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

test.each([
  { layers: 3, units: 128, timesteps: 240, samples: 8, said: /^values are rounded to one of \d+ levels\.$/ },
  {
    layers: 1,
    units: 500,
    timesteps: 2000,
    samples: 1,
    said: /the [12]\d\d most active of 500 units; values are rounded/,
  },
])(
  'A page of $layers x $units units over $timesteps steps of $samples samples has less than 2 MB, and says what it leaves out',
  async (size) => {
    const { layers, units, timesteps, samples, said } = size;
    const model = tf.sequential({
      layers: Array.from({ length: layers }, () =>
        lstm({ units, returnSequences: true, inputShape: [timesteps, 16], recurrentInitializer: 'glorotUniform' }),
      ),
    });
    const html = await inspectionReport({ model, inputs: randomTensor([samples, timesteps, 16], 3) });
    expect(html.length).toBeLessThan(2e6);
    expect(html.match(/Reduced for size: ([^<]*)/)?.[1]).toMatch(said);
  },
);
