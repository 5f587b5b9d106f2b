import * as tf from '@tensorflow/tfjs';
import { type Digit, digitsOf, PIXELS, ROWS, splitDigits, toSequences } from '../../examples/read-digits/digits.js';
import { bar, drawReading, drawUnits, pixelRow, sparkline } from '../../examples/read-digits/gates-in-the-terminal.js';
import { parseOptions } from '../../examples/read-digits/options.js';
import {
  forgetGateByInk,
  mostChangedUnits,
  type Reading,
  type RowReading,
} from '../../examples/read-digits/watching.js';

beforeAll(() => tf.setBackend('cpu'));

/** Blank digits whose first pixel numbers them; the label 0 is three times as frequent as the label 1. */
function numberedDigits(count: number): Digit[] {
  return Array.from({ length: count }, (_, n) => ({ pixels: [n], label: n % 4 === 3 ? 1 : 0 }));
}

const numberOf = ({ pixels }: Digit) => pixels[0];

function rowReading(pixels: number[], f: number, state: number): RowReading {
  return { pixels, means: { i: 0, f, o: 1, '|c|': state, '|h|': 0 }, guess: { digit: 7, probability: 0.954 } };
}

describe('splitDigits', () => {
  const digits = numberedDigits(400);
  const counts = { training: 200, heldBack: 100 };

  it('draws parts of the sizes asked for that have no digit in common', () => {
    const { training, heldBack } = splitDigits(digits, counts, 1);
    expect([training.length, heldBack.length]).toEqual([200, 100]);
    expect(new Set([...training, ...heldBack].map(numberOf)).size).toBe(300);
  });

  it('gives every class the same share in both parts as in the whole', () => {
    const { training, heldBack } = splitDigits(digits, counts, 1);
    const ones = (some: Digit[]) => some.filter(({ label }) => label === 1).length;
    expect([ones(training), ones(heldBack)]).toEqual([50, 25]);
  });

  it('leaves no class in one stretch', () => {
    const { heldBack } = splitDigits(digits, counts, 1);
    const positions = [...heldBack.keys()].filter((index) => heldBack[index]?.label === 1);
    expect(positions[0]).toBeLessThan(20);
    expect(positions.at(-1)).toBeGreaterThan(80);
  });

  it('draws the same from the same seed and something else from another', () => {
    const drawn = (seed: number) => splitDigits(digits, counts, seed).training.map(numberOf);
    expect(drawn(1)).toEqual(drawn(1));
    expect(drawn(1)).not.toEqual(drawn(2));
  });

  it('keeps no tensor', () => {
    const before = tf.memory().numTensors;
    splitDigits(digits, counts, 1);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('the data', () => {
  it('is cut into whole digits', () => {
    const data = Array.from({ length: 2 * ROWS * PIXELS }, (_, n) => n);
    const digits = digitsOf(data, 5);
    expect(digits.map(({ pixels, label }) => [pixels.length, pixels[0], label])).toEqual([
      [784, 0, 5],
      [784, 784, 5],
    ]);
  });

  it('has one timestep a row and one feature a pixel', () => {
    const [digit] = digitsOf(
      Array.from({ length: ROWS * PIXELS }, (_, n) => n),
      0,
    ) as [Digit];
    const x = toSequences([digit, digit]);
    expect(x.shape).toEqual([2, 28, 28]);
    expect(x.arraySync()[1]?.[3]?.slice(0, 3)).toEqual([84, 85, 86]);
    x.dispose();
  });
});

describe('the terminal drawing', () => {
  it('fills bars by eighths of a column and keeps them within their width', () => {
    expect(bar(0, 4)).toBe('    ');
    expect(bar(0.5, 4)).toBe('██  ');
    expect(bar(1 / 32, 4)).toBe('▏   ');
    expect(bar(2, 4)).toBe('████');
  });

  it('draws sparklines and pixels from the lowest level for 0 to the highest for 1', () => {
    expect(sparkline([0, 0.5, 1])).toBe('▁▅█');
    expect(pixelRow([0, 0.5, 1], 2)).toBe('  ▒▒██');
  });

  const reading: Reading = {
    rows: [rowReading([0, 0], 0.5, 0.2), rowReading([1, 0], 1, 0.4)],
    units: [
      { unit: 0, forgetGate: [0.5, 0.5], cellState: [0, 0] },
      { unit: 1, forgetGate: [0.9, 0.1], cellState: [1, -2] },
    ],
  };

  it('shows a row, its gauges and the guess in one line a timestep', () => {
    expect(drawReading(reading, 100)).toBe(
      [
        ' t  x_t  i     f     o     |c|   |h|   it says',
        ' 0             ██▌   █████ ██▌         7  95 %',
        ' 1  ██         █████ █████ █████       7  95 %',
      ].join('\n'),
    );
  });

  it('fits a digit of 28 pixels into 80 columns as into 100', () => {
    const rows = [rowReading(Array(28).fill(1), 1, 1)];
    const widest = (columns: number) =>
      Math.max(
        ...drawReading({ rows, units: [] }, columns)
          .split('\n')
          .map((line) => line.length),
      );
    expect(widest(80)).toBeLessThanOrEqual(80);
    expect(widest(80)).toBeLessThan(widest(100));
    expect(widest(100)).toBeLessThanOrEqual(100);
  });

  it('lists the units whose forget gate changed most first', () => {
    expect(mostChangedUnits(reading.units, 1).map(({ unit }) => unit)).toEqual([1]);
    expect(drawUnits(reading, 1)).toMatch(/│\s+1 │ ▇▂\s+│\s+0\.10 │ 0\.90 │\s+-2\.00 │/);
  });

  it('tells the forget gate at rows with ink from that at blank ones', () => {
    expect(forgetGateByInk(reading.rows)).toEqual({ ink: 1, blank: 0.5 });
  });
});

describe('the command line', () => {
  it('takes a backend and a digit', () => {
    expect(parseOptions(['--backend', 'wasm', '--digit', '3'], 10)).toEqual({
      backend: 'wasm',
      digit: 3,
      help: false,
    });
    expect(parseOptions([], 10)).toEqual({ backend: undefined, digit: undefined, help: false });
  });

  it('refuses bad values in one line', () => {
    expect(() => parseOptions(['--backend', 'gpu'], 10)).toThrow(
      "--backend must be one of cpu, wasm, tensorflow, got 'gpu'",
    );
    expect(() => parseOptions(['--digit', '10'], 10)).toThrow("--digit must be a whole number from 0 to 9, got '10'");
  });
});
