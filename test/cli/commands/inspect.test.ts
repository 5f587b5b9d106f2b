import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../../src/index.js';
import { NOTHING_FOUND } from '../../../src/inspect/diagnose/describe-findings.js';
import { useBackend } from '../../../tools/backends.js';
import { modelPath } from '../../support/model-fixtures.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';
import { runMain } from '../support/run-main.js';
import { saveModel } from '../support/saved-model.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const folder = temporaryFolder();

function file(name: string, content: unknown): string {
  const path = folder.path(name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

beforeAll(async () => {
  await useBackend('cpu');
  const numbers = tf.sequential({
    name: 'numbers',
    layers: [tf.layers.lstm({ units: 3, inputShape: [5, 2], name: 'reader' }), tf.layers.dense({ units: 1 })],
  });
  randomizeWeights(numbers, 5, 0.3);
  await saveModel(numbers, folder.path('numbers'));
  numbers.compile({ loss: 'meanSquaredError', optimizer: 'sgd' });
  await saveModel(numbers, folder.path('compiled'));
  const text = tf.sequential({
    name: 'text',
    layers: [tf.layers.embedding({ inputDim: 4, outputDim: 2, inputLength: 4 })],
  });
  text.add(lstm({ units: 2, name: 'speller' }));
  await saveModel(text, folder.path('text'));
  const guesser = tf.sequential({
    layers: [
      tf.layers.embedding({ inputDim: 3, outputDim: 2, inputLength: 4 }),
      lstm({ units: 2, returnSequences: true }),
      tf.layers.dense({ units: 3, activation: 'softmax' }),
    ],
  });
  await saveModel(guesser, folder.path('guesser'));
});

const inspect = (model: string, ...args: string[]) =>
  runMain(['inspect', folder.path(model), '--backend', 'cpu', '--out', folder.path('report.html'), ...args]);
const report = () => readFileSync(folder.path('report.html'), 'utf8');
const x = () => file('x.json', randomTensor([4, 5, 2], 1).arraySync());

describe('inspect', () => {
  test('writes a report and says where', async () => {
    const { code, out, error } = await inspect('numbers', '--input', x());
    expect([code, error]).toEqual([0, '']);
    const size = `${Math.ceil(report().length / 1000)} kB`;
    expect(out).toBe(
      `${NOTHING_FOUND}\n${folder.path('report.html')}: ${size}, on all 4 samples; open it in a browser\n`,
    );
    expect(report()).toMatch(/^<!doctype html>/i);
    expect(report()).toContain('Inspection of numbers');
    expect(report()).toMatch(/>reader<\/a> \(3 units\)/);
    expect(report()).toContain('on 4 samples');
  });

  test('looks at the samples asked for, under the title asked for', async () => {
    const { out } = await inspect('numbers', '--input', x(), '--samples', '2', '--title', 'What <it> does');
    expect(out).toContain('kB, on 2 of 4 samples; ');
    expect(report()).toContain('on 2 samples');
    expect(report()).toContain('What &lt;it&gt; does');
  });

  test('finds what is wrong with the labels', async () => {
    const wrong = folder.path('y.npy');
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 1), }\n";
    const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0]);
    const numbers = Buffer.from(Float32Array.of(1, Number.NaN, 0, 1).buffer);
    writeFileSync(wrong, Buffer.concat([start, Buffer.from(header), numbers]));
    await inspect('numbers', '--input', x(), '--labels', wrong);
    expect(report()).toContain('non-finite label');
    await inspect('numbers', '--input', x(), '--labels', wrong, '--samples', '1');
    expect(report()).not.toContain('non-finite label');
  });

  test('prints what is wrong, and only counts what harms nothing', async () => {
    const { out } = await inspect(
      'numbers',
      '--input',
      file('nan.json', '[[[1, 2], [1e999, 2], [1, 2], [3, 4], [5, 6]]]'),
    );
    expect(out).toMatch(/^1\. error: non-finite input\n {3}.*\n {3}Evidence: .*\n {3}Try: /);
    expect(out).not.toMatch(/^\d+\. note/m);
    const large = randomTensor([4, 5, 2], 1, 500).arraySync();
    const unscaled = await inspect('numbers', '--input', file('large.json', large));
    expect(unscaled.out).toMatch(/^1\. warning: /);
    expect(unscaled.out.trimEnd().split('\n').at(-1)).toContain('report.html: ');
  });

  test('prints findings and what was read as JSON', async () => {
    const { code, out, error } = await inspect('numbers', '--input', x(), '--samples', '3', '--json');
    expect([code, error]).toEqual([0, '']);
    expect(JSON.parse(out)).toEqual({
      report: folder.path('report.html'),
      characters: report().length,
      read: { used: 3, of: 4, what: 'samples' },
      findings: [],
      omissions: [],
    });
    const wrong = await inspect(
      'numbers',
      '--input',
      file('nan.json', '[[[1, 2], [1e999, 2], [1, 2], [3, 4], [5, 6]]]'),
      '--json',
    );
    expect(JSON.parse(wrong.out).findings[0]).toMatchObject({ kind: 'non-finite input', severity: 'error' });
  });

  test('ends with 1 where a finding is as severe as asked, or more', async () => {
    const wrong = file('nan.json', '[[[1, 2], [1e999, 2], [1, 2], [3, 4], [5, 6]]]');
    const codes = async (input: string) => {
      const found: number[] = [];
      for (const severity of ['error', 'warning', 'note']) {
        found.push((await inspect('numbers', '--input', input, '--fail-on', severity)).code);
      }
      return found;
    };
    expect(await codes(wrong)).toEqual([1, 1, 1]);
    expect(await codes(x())).toEqual([0, 0, 0]);
    const large = randomTensor([4, 5, 2], 1, 500).arraySync();
    expect(await codes(file('large.json', large))).toEqual([0, 1, 1]);
    expect((await inspect('numbers', '--input', wrong)).code).toBe(0);
    expect((await inspect('numbers', '--input', wrong, '--fail-on', 'all')).code).toBe(2);
  });

  test('takes labels that are one number a sample, as fit does', async () => {
    const { code } = await inspect('numbers', '--input', x(), '--labels', file('y.json', [1, 0, 0, 1]));
    expect(code).toBe(0);
    expect(report()).not.toContain('non-finite label');
  });

  test('shows how gradients flow back, where labels are given and the model was saved as it was compiled', async () => {
    const labels = ['--labels', file('y.json', [1, 0, 0, 1])];
    const uncompiled = await inspect('numbers', '--input', x(), ...labels);
    expect(uncompiled.out).toContain(
      'There are no gradients, because the model was saved without its loss: name the loss with --loss',
    );
    expect(report()).not.toMatch(/gradient is multiplied|gradient halves|gradient doubles/i);
    const named = await inspect('numbers', '--input', x(), ...labels, '--loss', 'meanSquaredError');
    expect(named.out).not.toContain('--loss');
    expect(report()).toMatch(/gradient is multiplied|gradient halves|gradient doubles/i);
    await inspect('compiled', '--input', x());
    expect(report()).not.toMatch(/gradient is multiplied|gradient halves|gradient doubles/i);
    expect((await inspect('compiled', '--input', x(), ...labels)).code).toBe(0);
    expect(report()).toMatch(/gradient is multiplied|gradient halves|gradient doubles/i);
  });

  test('reads text, and shows its tokens along time', async () => {
    const vocabulary = file('v.json', ['', 'q', 'z']);
    const { code } = await inspect('text', '--input', file('in.txt', 'qz\nzzqz\n'), '--vocabulary', vocabulary);
    expect(code).toBe(0);
    expect(report()).toContain('["q","z","",""]');
    expect(report()).toContain('["z","z","q","z"]');
    const few = await inspect('text', '--input', folder.path('in.txt'), '--vocabulary', vocabulary, '--samples', '1');
    expect(few.out).toContain('kB, on 1 of 2 lines; ');
  });

  test('calls what a text model predicts by the tokens of its vocabulary', async () => {
    const vocabulary = file('tokens.json', { z: 2, '': 0 });
    const { code } = await inspect('guesser', '--input', file('z.txt', 'zz\n'), '--vocabulary', vocabulary);
    expect(code).toBe(0);
    expect(report()).toContain('"classNames":["","1","z"]');
  });

  test('shows the time labels that are given', async () => {
    const days = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday'];
    await inspect('numbers', '--input', x(), '--time-labels', file('days.json', days));
    expect(report()).toContain('"Wednesday"');
    const each = [1, 2, 3, 4].map((sample) => days.map((day) => `${day} ${sample}`));
    await inspect('numbers', '--input', x(), '--time-labels', file('each.json', each), '--samples', '2');
    expect(report()).toContain('"Friday 2"');
    expect(report()).not.toContain('"Friday 3"');
  });

  test('inspects an LSTM that is only weights, alone', async () => {
    const args = ['--input', file('x3.json', randomTensor([2, 5, 3], 3).arraySync()), '--prefix', 'decoder'];
    const run = [
      'inspect',
      modelPath('torch', 'model.safetensors'),
      '--backend',
      'cpu',
      '--out',
      folder.path('report.html'),
    ];
    const { code, error } = await runMain([...run, ...args]);
    expect([code, error]).toEqual([0, '']);
    expect(report()).toContain('Inspection of decoder.rnn');
    expect(report()).toContain('(3 units)');
  });

  test('says what it is doing, where a person looks on', async () => {
    const { error } = await runMain(
      ['inspect', folder.path('numbers'), '--backend', 'cpu', '--input', x(), '--out', folder.path('r.html')],
      { isInteractive: true },
    );
    for (const step of ['reading the model', 'reading the input', 'inspecting numbers on 4 samples', 'writing']) {
      expect(error).toContain(`${step}`);
    }
    expect(error.endsWith('\r\u001b[K')).toBe(true);
  });

  test.each<[string, () => string[], string]>([
    ['a command without input', () => [], "required option '--input <data>' not specified"],
    ['no samples', () => ['--input', x(), '--samples', '0'], 'It must be a whole number of at least 1.'],
    ['an input that is not there', () => ['--input', 'no.json'], "the input 'no.json' cannot be read"],
    ['an input of another shape', () => ['--input', file('s.json', [[[1]]])], "input 'reader_input' must be [B, 5, 2]"],
    [
      'an input of which only a part was read',
      () => ['--input', file('s.json', [[[1]], [[2]], [[3]]]), '--samples', '2'],
      "input 'reader_input' must be [B, 5, 2], got [2, 1, 1]; 'FOLDER/s.json' holds [3, 1, 1], of which 2 samples",
    ],
    [
      'labels of which only a part was read',
      () => [
        '--input',
        x(),
        '--labels',
        file('y.json', Array(240).fill([1, 2])),
        '--samples',
        '3',
        '--loss',
        'poisson',
      ],
      "must be [3, 1], got [3, 2]; 'FOLDER/x.json' holds [4, 5, 2], of which 3 samples were used; 'FOLDER/y.json' holds [240, 2]",
    ],
    ['fewer labels than inputs', () => ['--input', x(), '--labels', file('y.json', [1])], 'must be [4, 1], got [1, 1]'],
    ['a vocabulary for numbers', () => ['--input', x(), '--vocabulary', 'v.json'], '--vocabulary is for text, but'],
    ['labels of an unknown kind', () => ['--input', x(), '--labels', 'y.txt'], 'the labels must be .json or .npy'],
    [
      'too few labels along time',
      () => ['--input', x(), '--time-labels', file('t.json', ['a'])],
      'timeLabels must be one for each timestep, 5, got',
    ],
    [
      'labels along time that are none',
      () => ['--input', x(), '--time-labels', file('t.json', { a: 1 })],
      'must be an array',
    ],
    [
      'a place where it cannot write',
      () => ['--input', x(), '--out', folder.path('no/such/report.html')],
      'cannot be written',
    ],
  ])('refuses %s', async (_, args, message) => {
    const { code, out, error } = await inspect('numbers', ...args());
    expect([code, out]).toEqual([2, '']);
    expect(error.replaceAll(folder.path(), 'FOLDER')).toContain(message);
    expect(error).not.toMatch(/\n {4}at /);
    expect(existsSync(folder.path('no'))).toBe(false);
  });

  test('leaves no tensor behind', async () => {
    const path = x();
    const before = tf.memory().numTensors;
    await inspect('numbers', '--input', path);
    await inspect('numbers', '--input', file('s.json', [[[1]]]));
    expect(tf.memory().numTensors).toBe(before);
  });
});
