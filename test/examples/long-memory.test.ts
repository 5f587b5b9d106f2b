import * as tf from '@tensorflow/tfjs';
import { addingProblem, FORGETFUL_ERROR } from '../../examples/long-memory/adding-problem.js';
import type { Outcome } from '../../examples/long-memory/experiment.js';
import { DEFAULTS, parseOptions } from '../../examples/long-memory/options.js';
import {
  arrivalOf,
  conclusion,
  drawFlow,
  drawLosses,
  drawOutcomes,
  hasLearned,
  learningOf,
  reachOf,
} from '../../examples/long-memory/report.js';
import type { MonitorRecord } from '../../src/inspect/index.js';

beforeAll(() => tf.setBackend('cpu'));

/** A record of what an example looks at. */
function record(step: number, loss: number | null, dc: (number | null)[], verdict = 'healthy'): MonitorRecord {
  return { step, loss, layers: [{ flow: { dc, verdict, sentence: '' } }] } as unknown as MonitorRecord;
}

describe('The adding problem', () => {
  it('asks for the sum of two marked numbers, one at the beginning and one in the second half', () => {
    const [samples, timesteps] = [200, 40];
    const { x, y } = addingProblem(samples, timesteps, 3);
    expect([x.shape, y.shape]).toEqual([
      [samples, timesteps, 2],
      [samples, 1],
    ]);
    const sums = y.arraySync();
    const places = (x.arraySync() as [number, number][][]).map((sequence, n) => {
      const marked = sequence.flatMap(([, mark], t) => (mark === 1 ? [t] : []));
      const numbers = marked.map((t) => sequence[t]?.[0] as number);
      expect(sums[n]?.[0]).toBeCloseTo((numbers[0] as number) + (numbers[1] as number), 6);
      return marked as [number, number];
    });
    expect(places.every(({ length }) => length === 2)).toBe(true);
    expect(new Set(places.map(([first]) => first))).toEqual(new Set([0, 1, 2, 3]));
    expect(Math.min(...places.map(([, second]) => second))).toBe(20);
    expect(Math.max(...places.map(([, second]) => second))).toBe(39);
    tf.dispose([x, y]);
  });

  it('leaves one who remembers nothing with the variance of the sum', () => {
    const { x, y } = addingProblem(4000, 4, 1);
    const error = tf.tidy(() => tf.mean(tf.squaredDifference(y, 1)).dataSync()[0] as number);
    expect(Math.abs(error - FORGETFUL_ERROR)).toBeLessThan(0.02);
    tf.dispose([x, y]);
  });

  it('is the same for the same seed, 0 included, and keeps no other tensor', () => {
    const count = tf.memory().numTensors;
    const [a, b, c] = [0, 0, 1].map((seed) => addingProblem(3, 6, seed)) as [{ x: tf.Tensor; y: tf.Tensor }][0][];
    expect(a?.x.arraySync()).toEqual(b?.x.arraySync());
    expect(a?.x.arraySync()).not.toEqual(c?.x.arraySync());
    expect(tf.memory().numTensors).toBe(count + 6);
    tf.dispose([a, b, c].map((data) => [data?.x, data?.y]) as tf.TensorContainer);
  });
});

describe('The report', () => {
  it('measures how far the gradient reaches', () => {
    expect(reachOf(record(0, 1, [0.2, 5, 2]))).toBe(0.1);
    expect(reachOf(record(0, 1, [0.2, null]))).toBeNull();
    expect(reachOf(record(0, 1, [0.2, 0]))).toBeNull();
    expect(reachOf(record(0, 1, [null, 1]))).toBeNull();
  });

  it('draws a bar less for every tenth of the gradient', () => {
    expect(drawFlow(record(0, 1, [1e-9, 1e-8, 1e-4, 0.05, 1, null]))).toBe('▁▁▁▁▁▁');
    expect(drawFlow(record(0, 1, [1e-9, 2e-7, 2e-4, 0.2, 3, 1]))).toBe('▁▂▅███');
  });

  it('draws losses up to that of one who remembers nothing', () => {
    expect(drawLosses([1, 1 / 6, 1 / 12, 0, null].map((loss) => record(0, loss, [])))).toBe('██▅▁█');
  });

  it('tells from which step on the gradient arrives and the loss is low', () => {
    const records = [
      record(0, 0.001, [], 'vanishing'),
      record(5, 0.2, []),
      record(10, 0.01, [], 'vanishing'),
      record(15, 0.02, []),
      record(20, 0.01, []),
    ];
    expect([arrivalOf(records), learningOf(records)]).toEqual([15, 10]);
    expect([arrivalOf(records.slice(0, 3)), learningOf(records.slice(0, 2))]).toEqual([null, null]);
    expect([hasLearned(0.04), hasLearned(0.042), learningOf([record(0, null, [])])]).toEqual([true, false, null]);
  });

  const outcome = (variant: string, error: number, reach: number) =>
    ({ variant, error, history: { records: [record(0, 0.3, [reach, 1]), record(9, error, [0.5, 1])] } }) as Outcome;

  it('says whether reach and learning go together', () => {
    const agreeing = conclusion([outcome('a', 0.2, 0.1), outcome('b', 0.02, 0.3), outcome('c', 0.01, 0.2)]);
    expect(agreeing.split('\n')).toEqual([
      'Ranked by the reach of the gradient before training: b, c, a.',
      'Learned, smallest error first: c, b.',
      'They are those whose gradient reached furthest, in this run, with this seed.',
    ]);
    expect(conclusion([outcome('a', 0.2, 0.4), outcome('b', 0.01, 0.3)])).toMatch(
      /Learned, smallest error first: b\.\nThey are not those whose gradient/,
    );
    expect(conclusion([outcome('a', 0.2, 0.4)])).toMatch(/first: none, in so few steps\.$/);
  });

  it('puts every outcome into a row', () => {
    const table = drawOutcomes([outcome('a', 1 / 12, 0.125), outcome('b', 0.01, 0.3)]);
    expect(table).toMatch(/│ a +│ 1\.3e-1 +│ 5\.0e-1 +│ 0 +│ never +│ 0\.0833 +│ 50 % +│/);
    expect(table).toMatch(/│ b +│ 3\.0e-1 +│ 5\.0e-1 +│ 0 +│ 9 +│ 0\.0100 +│ 6 % +│/);
  });
});

describe('The command line', () => {
  it('has defaults and takes sizes, a seed and a backend', () => {
    expect(parseOptions([])).toEqual({ ...DEFAULTS, backend: undefined, help: false });
    const given = ['--timesteps', '9', '--steps', '10', '--units', '1', '--seed', '0', '--backend', 'wasm', '--help'];
    expect(parseOptions(given)).toEqual({ timesteps: 9, steps: 10, units: 1, seed: 0, backend: 'wasm', help: true });
  });

  it('refuses bad values in one line', () => {
    expect(() => parseOptions(['--timesteps', '3'])).toThrow(
      "--timesteps must be a whole number of at least 4, got '3'",
    );
    expect(() => parseOptions(['--steps', '1e3'])).toThrow("--steps must be a whole number of at least 10, got '1e3'");
    expect(() => parseOptions(['--backend', 'gpu'])).toThrow(
      "--backend must be one of cpu, wasm, tensorflow, got 'gpu'",
    );
  });
});
