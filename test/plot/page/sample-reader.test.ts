import { encodeSequences } from '../../../src/plot/page/encoding.js';
import type { ReportData, ReportLayer } from '../../../src/plot/page/report-data.js';
import { SampleReader } from '../../../src/plot/page/sample-reader.js';
import { colourRange } from '../../../src/plot/rows/colour-range.js';
import { gridOf } from '../../../src/plot/rows/sample.js';

const [SAMPLES, T, U] = [2, 5, 3];
/** Values that are all different, about as far from zero as these. */
const wave = (frequency: number) =>
  Array.from({ length: SAMPLES * T * U }, (_, n) => 1.5 * Math.sin(frequency * (n + 1)));
const sigmoid = (values: number[]) => values.map((value) => 1 / (1 + Math.exp(-value)));
const f = sigmoid(wave(7.3));
const c = wave(3.1);
const o = sigmoid(wave(5.7));

function readerOf(mask: Uint8Array | null): SampleReader {
  const given = { f, c, o };
  const sequences = encodeSequences(
    Object.fromEntries(
      Object.entries(given).map(([name, values]) => [name, { values: Float32Array.from(values), width: U }]),
    ),
    { timesteps: T, bits: 16, samples: SAMPLES },
  );
  const layer: ReportLayer = {
    title: 'lstm',
    timesteps: T,
    unitIndices: [0, 1, 2],
    hasLabels: false,
    activation: 'tanh',
    recurrentActivation: 'sigmoid',
    quantities: ['f', 'c', 'o', 'h'],
    sequences,
    derivesH: true,
    mask,
  };
  return new SampleReader({ layers: [layer] } as ReportData);
}

test('A sample has its values by step and by unit, and h of both', () => {
  const sample = readerOf(null).sample(0, 1);
  for (let t = 0; t < T; t++) {
    for (let unit = 0; unit < U; unit++) {
      const at = T * U + t * U + unit;
      const expected = { f: f[at]!, c: c[at]!, h: o[at]! * Math.tanh(c[at]!) };
      for (const [quantity, value] of Object.entries(expected)) {
        expect(sample.values[quantity]![t * U + unit]).toBeCloseTo(value, 3);
        expect(sample.rows![quantity]![unit * T + t]).toBe(sample.values[quantity]![t * U + unit]);
      }
    }
  }
});

test('A grid has the values of its rows, however they lie, and is told of masked steps alone', () => {
  const masked = Uint8Array.from({ length: SAMPLES * T }, (_, n) => (n === T + 2 ? 0 : 1));
  const reader = readerOf(masked);
  for (const sample of [0, 1]) {
    const trace = reader.sample(0, sample);
    const { rows, ...withoutRows } = trace;
    const [byUnit, byStep] = [trace, withoutRows].map((one) => gridOf(one, 'c', [2, 0]));
    const read = ({ values, starts, stride, columns }: NonNullable<typeof byUnit>) =>
      starts.map((start) => Array.from({ length: columns }, (_, t) => values[start + t * stride]));
    expect(read(byUnit!)).toEqual(read(byStep!));
    expect(byUnit!.isThere).toEqual(sample === 0 ? null : [true, true, false, true, true]);
  }
});

test('Colours of what is known to be within its bounds are those that its values have', () => {
  const sample = readerOf(null).sample(0, 0);
  const { ends, ...unknown } = sample;
  const options = { isStretched: false, theme: 'light' } as const;
  expect(colourRange(sample, 'f', options)).toEqual({ ...colourRange(unknown, 'f', options), extremes: null });
  expect(colourRange(sample, 'c', options)).toEqual(colourRange(unknown, 'c', options));
  const beyond = { ...sample, ends: { ...ends, f: [-0.5, 1] as const } };
  expect(colourRange(beyond, 'f', options)).toEqual(colourRange(unknown, 'f', options));
});
