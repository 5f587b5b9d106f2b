import * as tf from '@tensorflow/tfjs';
import { batchAt, windowStarts } from '../../examples/write-text/batches.js';
import {
  type Contender,
  drawComparison,
  largestDifference,
  median,
  requireSameLosses,
} from '../../examples/write-text/comparing.js';
import { buildPen, buildWriter, type MakeLSTM } from '../../examples/write-text/model.js';
import { parseOptions } from '../../examples/write-text/options.js';
import { Alphabet, loadNovel, withoutLineBreaks, wrapped } from '../../examples/write-text/text.js';
import { train } from '../../examples/write-text/training.js';
import { draw, write } from '../../examples/write-text/writing.js';
import { lstm } from '../../src/index.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { accelerated } from '../support/accelerated.js';
import { expectClose } from '../support/close.js';

beforeAll(() => useBackend('cpu'));

const builtIn: MakeLSTM = (args) => tf.layers.lstm(args);

describe('the text', () => {
  it('is 28 chapters of the novel, a paragraph a line', () => {
    const novel = loadNovel();
    expect(novel.slice(0, 40)).toBe('CHAPTER 1. Loomings.\nCall me Ishmael. So');
    expect(novel.match(/^CHAPTER /gm)).toHaveLength(28);
    expect(novel.length).toBeGreaterThan(250_000);
    expect(novel).not.toMatch(/ {2}|\n\n|\r/);
  });

  it('loses the line breaks within paragraphs only', () => {
    expect(withoutLineBreaks('one\ntwo  three\n\n \nfour\r\n\r\nfive\n')).toBe('one two three\nfour\nfive');
  });

  it('is broken between words to fit the columns', () => {
    expect(wrapped('one two three\nfour', 8)).toBe('one two\nthree\nfour');
    expect(wrapped('enormous one', 3)).toBe('enormous\none');
  });

  it('is turned into numbers and back', () => {
    const alphabet = new Alphabet('whale');
    expect(alphabet.characters.join('')).toBe('aehlw');
    expect(alphabet.encode('wheal')).toEqual([4, 2, 1, 0, 3]);
    expect(alphabet.decode(alphabet.encode('heal'))).toBe('heal');
    expect(() => alphabet.encode('fish')).toThrow("the character 'f' does not occur in the novel");
  });
});

describe('a batch', () => {
  const shape = { batch: 500, timesteps: 3 };

  it('has windows from all over the text, which leave room for the last target', () => {
    const starts = windowStarts(20, shape, 0, 1);
    expect([Math.min(...starts), Math.max(...starts)]).toEqual([0, 16]);
    expect(starts).toHaveLength(500);
  });

  it('is the same for the same number and seed only', () => {
    expect(windowStarts(2000, shape, 3, 1)).toEqual(windowStarts(2000, shape, 3, 1));
    expect(windowStarts(2000, shape, 3, 1)).not.toEqual(windowStarts(2000, shape, 4, 1));
    expect(windowStarts(2000, shape, 3, 1)).not.toEqual(windowStarts(2000, shape, 3, 2));
  });

  it.each(NODE_BACKENDS)('asks for the character that comes next, on %s', async (backend) => {
    await useBackend(backend);
    const { x, y } = batchAt(Int32Array.of(3, 0, 2, 1, 3), [0, 1], 3, 4);
    expect([x.shape, y.shape]).toEqual([
      [2, 3, 4],
      [2, 3, 1],
    ]);
    expect([...tf.argMax(x, 2).dataSync()]).toEqual([3, 0, 2, 0, 2, 1]);
    expect([...x.sum(2).dataSync()]).toEqual([1, 1, 1, 1, 1, 1]);
    expect([...y.dataSync()]).toEqual([0, 2, 1, 2, 1, 3]);
    await useBackend('cpu');
  });
});

describe('training', () => {
  const text = 'the whale is a fish that swims in the sea. '.repeat(4);
  const alphabet = new Alphabet(text);
  const sizes = { alphabet: alphabet.size, units: 6 };
  const lesson = {
    text: Int32Array.from(alphabet.encode(text)),
    alphabetSize: alphabet.size,
    shape: { batch: 4, timesteps: 6 },
    learningRate: 0.02,
    seed: 1,
  };

  it('gives the same losses in all three ways, and leaves no tensor', async () => {
    const before = tf.memory().numTensors;
    const losses = async (makeLSTM: MakeLSTM) => {
      const model = buildWriter(makeLSTM, sizes, 1);
      const seen: number[] = [];
      const training = await train(model, lesson, 6, (loss) => seen.push(loss));
      model.dispose();
      expect(seen).toEqual(training.losses);
      expect(training.milliseconds).toHaveLength(6);
      return training.losses;
    };
    const [plain, fast, explicit] = [
      await losses(builtIn),
      await accelerated(() => losses(builtIn)),
      await losses(lstm),
    ];
    expect(plain[5]).toBeLessThan(plain[0] as number);
    for (const others of [fast, explicit]) {
      tf.tidy(() => expectClose(tf.tensor1d(others), plain));
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it('makes a model that a pen writes on with, character by character as the model would at once', async () => {
    const before = tf.memory().numTensors;
    const model = buildWriter(builtIn, sizes, 1);
    const pen = buildPen(lstm, sizes, model.getWeights());
    const plan = { opening: 'the ', characters: 20, temperature: 1e-6, seed: 1 };
    const written = await write(pen, alphabet, plan);
    expect(await write(pen, alphabet, plan)).toBe(written);
    expect(written).toHaveLength(24);
    tf.tidy(() => {
      const numbers = alphabet.encode(written);
      const x = tf.oneHot(tf.tensor2d([numbers.slice(0, -1)], undefined, 'int32'), alphabet.size, 1, 0, 'float32');
      const likeliest = tf.argMax(model.predict(x) as tf.Tensor, 2).dataSync();
      expect([...likeliest.slice(3)]).toEqual(numbers.slice(4));
    });
    for (const owner of [model, pen]) owner.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('drawing a character', () => {
  it('takes each as often as it is likely', () => {
    const drawn = [0, 0.24, 0.26, 0.99, 1].map((fraction) => draw([0.25, 0.5, 0.25], 1, fraction));
    expect(drawn).toEqual([0, 0, 1, 2, 2]);
  });

  it('prefers the likelier ones at a low temperature', () => {
    expect(draw([0.4, 0.6], 1, 0.35)).toBe(0);
    expect(draw([0.4, 0.6], 0.5, 0.35)).toBe(1);
    expect(draw([0.4, 0.6, 0], 1e-9, 0)).toBe(1);
  });
});

describe('the comparison', () => {
  const contender = (name: string, losses: number[], milliseconds: number[]): Contender => ({
    name,
    losses,
    milliseconds,
    ranOn: 'tfjs ops',
  });
  const first = contender('slow', [3, 2, 1], [90, 40, 40]);

  it('leaves a slow first step out of account', () => {
    expect([median([90, 40, 41]), median([1, 4, 2, 3])]).toEqual([41, 2.5]);
    const others = [contender('fast', [3, 2, 1.5], [80, 10, 10]), contender('same', first.losses, [40])];
    const table = drawComparison([first, ...others]);
    expect(table).toMatch(/same +│ tfjs ops +│ +3\.000000 │ +1\.000000 │ +0 │ +40 │ +1\.0 │/);
    expect(table).toMatch(/slow +│ tfjs ops +│ +3\.000000 │ +1\.000000 │ +│ +40 │ +1\.0 │/);
    expect(table).toMatch(/fast +│ tfjs ops +│ +3\.000000 │ +1\.500000 │ +5e-1 │ +10 │ +4\.0 │/);
  });

  it('demands the same losses at every step', () => {
    const [close, far] = [contender('close', [3, 2.00001, 1], []), contender('far', [3, 2.001, 1], [])];
    expect(largestDifference(first, far)).toBeCloseTo(0.001, 9);
    expect(() => requireSameLosses([first, close])).not.toThrow();
    expect(() => requireSameLosses([first, close, far])).toThrow('the losses of far must be those of slow to 0.0001');
    expect(() => requireSameLosses([first, contender('short', [3, 2], [])])).toThrow('got a difference of NaN');
  });
});

describe('the command line', () => {
  it('takes its numbers, and has numbers for what is not given', () => {
    const rest = { backend: undefined, compare: undefined, help: false };
    expect(parseOptions([])).toEqual({ ...rest, steps: 400, units: 128, characters: 500 });
    expect(parseOptions(['--backend', 'wasm', '--compare', '1', '--steps', '0', '--units', '8'])).toEqual({
      backend: 'wasm',
      compare: 1,
      steps: 0,
      units: 8,
      characters: 500,
      help: false,
    });
  });

  it('refuses bad values in one line', () => {
    expect(() => parseOptions(['--backend', 'gpu'])).toThrow(
      "--backend must be one of cpu, wasm, tensorflow, got 'gpu'",
    );
    expect(() => parseOptions(['--compare', '0'])).toThrow("--compare must be a whole number from 1 on, got '0'");
    expect(() => parseOptions(['--units', 'many'])).toThrow("--units must be a whole number from 1 on, got 'many'");
  });
});
