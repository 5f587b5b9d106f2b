import { writeFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { type InputOptions, readInputs } from '../../../src/cli/readers/read-inputs.js';
import { UserError } from '../../../src/cli/user-error.js';
import { useBackend } from '../../../tools/backends.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const folder = temporaryFolder();
beforeAll(() => useBackend('cpu'));

function file(name: string, content: unknown): string {
  const path = folder.path(name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** A model that takes tensors of these shapes, the batch left out. */
function modelOf(shapes: Record<string, (number | null)[]>): tf.LayersModel {
  const inputs = Object.entries(shapes).map(([name, shape]) => tf.input({ name, shape }));
  const flat = inputs.map((input) => tf.layers.activation({ activation: 'relu' }).apply(input) as tf.SymbolicTensor);
  return tf.model({ inputs, outputs: flat });
}

const sequences = modelOf({ x: [null, 3] });
const two = modelOf({ x: [null, 3], state: [2] });
const ids = modelOf({ tokens: [null] });

const read = (path: string, model: tf.LayersModel, options: Partial<InputOptions> = {}) => {
  const { inputs, tokens } = readInputs(path, model, { pad: 'right', samples: 100, ...options });
  return { values: inputs.map((tensor) => tensor.arraySync()), tokens };
};

function expectRefusal(
  path: string,
  model: tf.LayersModel,
  message: string,
  options: Partial<InputOptions> = {},
): void {
  expect(() => read(path, model, options)).toThrow(message);
  expect(() => read(path, model, options)).toThrow(UserError);
}

describe('readInputs', () => {
  const x = [[[1, 2, 3]], [[4, 5, 6]], [[7, 8, 9]]];

  test('reads nested arrays of JSON', () => {
    expect(read(file('x.json', x), sequences)).toEqual({ values: [x], tokens: null });
  });

  test('reads several inputs by their names, in the order of the model', () => {
    const state = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    expect(read(file('two.json', { state, x }), two).values).toEqual([x, state]);
  });

  test('reads .npy', () => {
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 3), }\n";
    const bytes = Buffer.concat([
      Buffer.from([0x93]),
      Buffer.from('NUMPY'),
      Buffer.from([1, 0, header.length, 0]),
      Buffer.from(header),
      Buffer.from(Float32Array.of(1, 2, 3).buffer),
    ]);
    const path = folder.path('x.npy');
    writeFileSync(path, bytes);
    expect(read(path, sequences)).toEqual({ values: [[[[1, 2, 3]]]], tokens: null });
  });

  test('takes the first samples only', () => {
    expect(read(file('x.json', x), sequences, { samples: 2 }).values).toEqual([x.slice(0, 2)]);
  });

  test('gives an input the dtype that the model wants', () => {
    const masked = tf.input({ shape: [2, 1], dtype: 'bool' });
    const model = tf.model({ inputs: masked, outputs: tf.layers.flatten().apply(masked) as tf.SymbolicTensor });
    const { inputs } = readInputs(file('mask.json', [[[true], [false]]]), model, { pad: 'right', samples: 9 });
    expect(inputs[0]?.dtype).toBe('bool');
  });

  const characters = () => file('characters.json', { a: 1, b: 2, ' ': 3 });

  test('reads text as numbers of characters, padded with 0 at the end asked for', () => {
    const path = file('text.txt', 'ab a\n\nb\r\n');
    const options = { vocabulary: characters() };
    expect(read(path, ids, options)).toEqual({
      values: [
        [
          [1, 2, 3, 1],
          [2, 0, 0, 0],
        ],
      ],
      tokens: [
        ['a', 'b', ' ', 'a'],
        ['b', '', '', ''],
      ],
    });
    expect(read(path, ids, { ...options, pad: 'left' })).toEqual({
      values: [
        [
          [1, 2, 3, 1],
          [0, 0, 0, 2],
        ],
      ],
      tokens: [
        ['a', 'b', ' ', 'a'],
        ['', '', '', 'b'],
      ],
    });
    expect(read(path, ids, { ...options, samples: 1 }).tokens).toEqual([['a', 'b', ' ', 'a']]);
  });

  test('reads text as words where the vocabulary has words, and gives unknown ones their number', () => {
    const vocabulary = file('words.txt', '\n[UNK]\nthe\nsea\n');
    expect(read(file('words-in.txt', 'the  grey sea'), ids, { vocabulary })).toEqual({
      values: [[[2, 1, 3]]],
      tokens: [['the', 'grey', 'sea']],
    });
  });

  test('takes an array for a vocabulary, and characters beyond the first plane for one', () => {
    const vocabulary = file('list.json', ['<unk>', '𝄞', 'b']);
    expect(read(file('music.txt', '𝄞bx'), ids, { vocabulary }).values).toEqual([[[1, 2, 0]]]);
  });

  test('reads text as one-hot vectors where the model wants those; none where there is no token', () => {
    const vocabulary = file('list.json', ['a', 'b']);
    const model = modelOf({ x: [3, 3] });
    expect(read(file('one-hot.txt', 'ba'), model, { vocabulary }).values).toEqual([
      [
        [
          [0, 1, 0],
          [1, 0, 0],
          [0, 0, 0],
        ],
      ],
    ]);
  });

  test('refuses arrays that are none, or do not fit', () => {
    expectRefusal(file('ragged.json', [[1, 2], [3]]), sequences, "ragged.json': [1] must have 2 items");
    expectRefusal(file('null.json', [[null]]), sequences, "null.json': [0][0] must be a number, got null");
    expectRefusal(file('x.json', x), two, 'the model has 2 inputs (x, state), but');
    expectRefusal(file('named.json', { x, y: x }), sequences, "has 'y', but the model's inputs are 'x'");
    expectRefusal(file('part.json', { x }), two, "lacks the model's input 'state'");
    expectRefusal(file('proto.json', '{"x": [1], "__proto__": [1]}'), sequences, "has '__proto__'");
    expectRefusal(file('proto.json', '{"x": [1], "x": [2]}'), sequences, "proto.json': 'x' must not occur twice");
    expectRefusal(file('deep.json', '['.repeat(5000) + ']'.repeat(5000)), sequences, 'must not be nested deeper than');
    expectRefusal(file('scalar.json', 7), sequences, "holds no samples for 'x'");
    expectRefusal(file('empty.json', []), sequences, "holds no samples for 'x'");
    expectRefusal(folder.path('none.json'), sequences, 'cannot be read: there is no such file');
  });

  test('refuses text that it cannot number', () => {
    const vocabulary = characters();
    expectRefusal(file('text.txt', 'a'), ids, 'is neither .json nor .npy; to read it as text, give --vocabulary too');
    expectRefusal(file('other.txt', 'ab\nax'), ids, 'line 2 of', { vocabulary });
    expectRefusal(file('other.txt', 'ab\nax'), ids, "has 'x', which is not in the vocabulary", { vocabulary });
    expectRefusal(file('blank.txt', '\n\n'), ids, 'must hold text, one sample per line', { vocabulary });
    expectRefusal(file('text.txt', 'a'), two, 'the model has 2 inputs: give a JSON object', { vocabulary });
    expectRefusal(file('long.txt', 'aaa'), modelOf({ x: [2] }), 'a line has 3 tokens, but the model takes 2', {
      vocabulary,
    });
    expectRefusal(file('text.txt', 'a'), sequences, 'numbers its tokens up to 3, but the model takes 3 features', {
      vocabulary,
    });
    expectRefusal(
      file('text.txt', 'a'),
      modelOf({ x: [2, 2, 2] }),
      'text input needs a model that takes token numbers',
      {
        vocabulary,
      },
    );
  });

  test('reads or refuses any vocabulary, and ends with nothing else', () => {
    const path = file('any.txt', 'a b\nb');
    const token = fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom('a', 'b', '[UNK]', '__proto__', 'constructor'));
    const number = fc.oneof(fc.nat(5), fc.constantFrom(-1, 0.5, 2 ** 53, 1e308, null, '1', true));
    const documents = fc.oneof(
      fc.array(token).map((list) => JSON.stringify(list)),
      fc.dictionary(token, number).map((object) => JSON.stringify(object)),
      fc.json({ maxDepth: 3 }),
      fc.string(),
    );
    fc.assert(
      fc.property(documents, fc.constantFrom('any.json', 'any-list.txt'), (document, name) => {
        const before = tf.memory().numTensors;
        try {
          const { inputs } = readInputs(path, ids, { vocabulary: file(name, document), pad: 'left', samples: 9 });
          expect(inputs[0]?.shape[0]).toBe(2);
          tf.dispose(inputs);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
        expect(tf.memory().numTensors).toBe(before);
      }),
      { numRuns: 300 },
    );
  });

  test('refuses vocabularies that are none', () => {
    const path = file('text.txt', 'a');
    const refuse = (content: unknown, message: string, name = 'v.json') =>
      expectRefusal(path, ids, message, { vocabulary: file(name, content) });
    refuse(['a', 1], 'must be an array of tokens, or an object');
    refuse('null', 'must be an array of tokens, or an object');
    refuse({}, 'must not be empty');
    refuse('', 'must not be empty', 'v.txt');
    refuse({ a: -1 }, "must give 'a' a whole number of at least 0");
    refuse({ a: 0.5 }, "must give 'a' a whole number of at least 0");
    refuse('['.repeat(5000) + ']'.repeat(5000), 'must not be nested deeper than 500');
    refuse('{"a": 1', 'the document must be JSON: ');
  });

  test('reads many lines of text, and no more of it than is asked for', () => {
    const vocabulary = characters();
    const path = file('lines.txt', 'ab\n'.repeat(200_000));
    const { values, tokens } = read(path, ids, { vocabulary, samples: 150_000 });
    expect((values[0] as unknown[]).length).toBe(150_000);
    expect(tokens).toHaveLength(150_000);
    expect(tokens?.at(-1)).toEqual(['a', 'b']);
    const later = file('later.txt', `ab\nba\n${'x'.repeat(100)}`);
    expect(read(later, ids, { vocabulary, samples: 2 }).tokens).toEqual([
      ['a', 'b'],
      ['b', 'a'],
    ]);
    expectRefusal(later, ids, 'line 3 of', { vocabulary, samples: 3 });
  });

  test('reads lines across the pieces in which a file is read, and refuses endless ones and other encodings', () => {
    const vocabulary = file('clef.json', ['𝄞', 'b']);
    // Characters of four bytes, one of which lies across each border of 65,536 bytes.
    const long = `b${'𝄞'.repeat(40_000)}`;
    const { tokens } = read(file('long.txt', `${long}\r\nb`), ids, { vocabulary });
    expect(tokens?.[0]?.join('')).toBe(long);
    expect(tokens?.[1]?.slice(0, 2)).toEqual(['b', '']);
    expectRefusal(file('endless.txt', 'b'.repeat(5_000_000)), ids, 'must have lines of 4194304 characters', {
      vocabulary,
    });
    const path = folder.path('latin.txt');
    writeFileSync(path, Buffer.from([98, 0xe4, 98]));
    expectRefusal(path, ids, 'the file is not text in UTF-8', { vocabulary });
    const cut = folder.path('cut.txt');
    writeFileSync(cut, Buffer.from('bä').subarray(0, 2));
    expectRefusal(cut, ids, 'the file is not text in UTF-8', { vocabulary });
  });
});
