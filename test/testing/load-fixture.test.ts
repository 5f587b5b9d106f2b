import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { loadFixture } from '../../src/testing/index.js';
import { kerasFixturePath } from '../support/keras-fixtures.js';

/** A document to be spoiled: a hostile one has no type. */
type Document = ReturnType<typeof JSON.parse>;

const read = (name: string): Document => JSON.parse(readFileSync(kerasFixturePath(name), 'utf8'));

function spoiled(name: string, spoil: (document: Document) => void): Document {
  const document = read(name);
  spoil(document);
  return document;
}

describe('loadFixture', () => {
  test('reads a path, the JSON text and the parsed JSON alike', () => {
    const path = kerasFixturePath('mask-holes-last');
    const text = readFileSync(path, 'utf8');
    const fixtures = [path, text, JSON.parse(text)].map(loadFixture);
    expect(fixtures[1]).toEqual(fixtures[0]);
    expect(fixtures[2]).toEqual(fixtures[0]);
  });

  test('gives every field, as numbers with shapes', () => {
    const { name, producer, config, weights, calls, gates, gradients } = loadFixture(
      kerasFixturePath('mask-holes-last'),
    );
    expect(name).toBe('mask-holes-last');
    expect(producer).toEqual({ keras: '3.15.1', backend: 'jax', seed: expect.any(Number) });
    expect(config).toMatchObject({ kind: 'lstm', args: { units: 5, returnState: true } });
    expect(weights.map((weight) => [weight.name, weight.shape])).toEqual([
      ['kernel', [4, 20]],
      ['recurrentKernel', [5, 20]],
      ['bias', [20]],
    ]);
    expect(calls).toHaveLength(1);
    expect(calls[0]?.mask?.values).toEqual(Uint8Array.of(1, 0, 1, 1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 1, 1, 1, 1, 1));
    expect(calls[0]?.outputs.map((output) => output.name)).toEqual(['output', 'h', 'c']);
    expect(calls[0]?.outputs[0]?.values).toEqual(calls[0]?.outputs[1]?.values);
    expect(gates[0]?.f.shape).toEqual([3, 6, 5]);
    expect(gradients?.initialStates.map((state) => state.shape)).toEqual([
      [3, 5],
      [3, 5],
    ]);
  });

  test('reads the bytes as little-endian float32, NaN included', () => {
    const document = spoiled('all-sizes-one', ({ calls }) => {
      calls[0].input.base64 = 'AADAfw==';
      calls[0].outputs[0].base64 = 'AAAgwA==';
    });
    const [call] = loadFixture(document).calls;
    expect(call?.input.values).toEqual(Float32Array.of(Number.NaN));
    expect(call?.outputs[0]?.values).toEqual(Float32Array.of(-2.5));
  });

  test('lists the states of stacked cells from the last cell to the first', () => {
    const { calls } = loadFixture(kerasFixturePath('stacked-cells-states'));
    expect(calls[0]?.initialStates.map(({ name, shape }) => [name, shape[1]])).toEqual([
      ['cells.2.h', 2],
      ['cells.2.c', 2],
      ['cells.1.h', 5],
      ['cells.1.c', 5],
      ['cells.0.h', 3],
      ['cells.0.c', 3],
    ]);
  });

  test('says that a path cannot be read, or holds no JSON', () => {
    expect(() => loadFixture('no/such/file.json')).toThrow(
      "loadFixture: the path must be a readable file (ENOENT), got 'no/such/file.json'",
    );
    expect(() => loadFixture('fixtures/README.md')).toThrow("the document must be JSON, got 'fixtures/README.md'");
    expect(() => loadFixture('{"format": ')).toThrow('the document must be JSON');
  });

  test('says in few words what is wrong with a large value', () => {
    const large = 'A'.repeat(4_000_000);
    const whole = (error: unknown) => inspect(error).replace(/\n +at .*/g, '');
    const attempts: (() => unknown)[] = [
      () => loadFixture(large),
      () => loadFixture(`{"format": ${large}`),
      () => loadFixture(spoiled('returns-last', (d) => (d.calls[0].input.base64 = large))),
      () => loadFixture(spoiled('returns-last', (d) => (d.calls[0].input.base64 = [large, large]))),
      () => loadFixture(spoiled('returns-last', (d) => (d.calls[0].input.shape = large))),
      () => loadFixture(spoiled('returns-last', (d) => (d.config.args[large] = 1))),
      () => loadFixture(spoiled('returns-last', (d) => (d.weights[0].name = large))),
    ];
    for (const attempt of attempts) {
      let thrown: unknown;
      try {
        attempt();
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(RangeError);
      expect((thrown as Error).message.length).toBeLessThan(1000);
      expect(whole(thrown).length).toBeLessThan(5000);
    }
  });

  test('needs a path that Node can read', () => {
    const getBuiltinModule = process.getBuiltinModule;
    Object.assign(process, { getBuiltinModule: undefined });
    try {
      expect(() => loadFixture('fixture.json')).toThrow(
        'reading a path needs Node 20.16 or later; pass the JSON itself',
      );
      expect(loadFixture(read('returns-last')).name).toBe('returns-last');
    } finally {
      Object.assign(process, { getBuiltinModule });
    }
  });

  const HOSTILE: [rule: string, fixture: string, spoil: (document: Document) => void][] = [
    ['format must be one of "explicit-lstm-fixture"', 'returns-last', (d) => Object.assign(d, { format: 'other' })],
    ['version must be 1, the only supported version, got 2', 'returns-last', (d) => Object.assign(d, { version: 2 })],
    ['name must be a string, got null', 'returns-last', (d) => delete d.name],
    ['producer must be an object, got null', 'returns-last', (d) => delete d.producer],
    ['producer.seed must be a finite number', 'returns-last', (d) => Object.assign(d.producer, { seed: '7' })],
    ['config.kind must be one of "lstm"', 'returns-last', (d) => Object.assign(d.config, { kind: 'gru' })],
    ['config.args.units must be a positive integer, got -5', 'returns-last', (d) => (d.config.args.units = -5)],
    ['config.args.units must be a positive integer', 'returns-last', (d) => (d.config.args.units = 2.5)],
    ['config.args must be made of [units', 'returns-last', (d) => (d.config.args.unist = 5)],
    ["not '__proto__'", 'returns-last', (d) => (d.config.args = JSON.parse('{"__proto__": {"units": 5}}'))],
    ['config.args.useBias must be a boolean, got null', 'returns-last', (d) => delete d.config.args.useBias],
    ['config.args.activation must be a string', 'returns-last', (d) => (d.config.args.activation = {})],
    ['config.args.dropout must be a number in [0, 1), got 1', 'returns-last', (d) => (d.config.args.dropout = 1)],
    ['config.args.biasInitializer.className must be', 'returns-last', (d) => (d.config.args.biasInitializer = {})],
    ['config.mergeMode must be one of "concat"', 'bidirectional-sum-last', (d) => (d.config.mergeMode = 'max')],
    [
      'config.layer.kind must be one of "lstm"',
      'bidirectional-sum-last',
      (d) => (d.config.layer.kind = 'stackedCells'),
    ],
    ['config.cells must be at least one cell', 'stacked-cells-last', (d) => (d.config.cells = [])],
    ['config.layers must be at least one layer', 'stacked-layers', (d) => (d.config.layers = [])],
    [
      'config.layers[0] must be a layer that returns sequences',
      'stacked-layers',
      (d) => (d.config.layers[0].args.returnSequences = false),
    ],
    ['calls must be at least one call', 'returns-last', (d) => (d.calls = [])],
    ['calls must be an array, got null', 'returns-last', (d) => delete d.calls],
    ['calls must be one call, because the layer is not stateful', 'returns-last', (d) => d.calls.push(d.calls[0])],
    ['calls[0].input.shape must be [B, T, D], got [18, 4]', 'returns-last', (d) => (d.calls[0].input.shape = [18, 4])],
    [
      'calls[0].input.shape[0] must be a whole number of at least 1',
      'returns-last',
      (d) => (d.calls[0].input.shape[0] = 0),
    ],
    [
      'calls[0].input.shape must be of at most',
      'returns-last',
      (d) => (d.calls[0].input.shape = [2 ** 20, 2 ** 20, 4]),
    ],
    [
      'calls[0].input.base64 must be base64 of 288 bytes, 384 characters',
      'returns-last',
      (d) => (d.calls[0].input.base64 = 'AAAA'),
    ],
    ['calls[0].input.base64 must be base64', 'returns-last', (d) => (d.calls[0].input.base64 = '?'.repeat(384))],
    [
      'calls[0].input.dtype must be one of "float32", got \'float64\'',
      'returns-last',
      (d) => (d.calls[0].input.dtype = 'float64'),
    ],
    ['calls[0].mask.shape must be [B, T] = [3, 6]', 'mask-nan', (d) => (d.calls[0].mask.shape = [6, 3])],
    ['calls[0].mask.base64 must be bytes of 0 or 1', 'mask-nan', (d) => (d.calls[0].mask.base64 = '/'.repeat(24))],
    ['calls[1].mask must be given in every call or in none', 'stateful-masked', (d) => (d.calls[1].mask = null)],
    ['calls[0].initialStates must be the 2 tensors [h, c]', 'initial-states', (d) => d.calls[0].initialStates.pop()],
    ['calls[0].initialStates[0].name must be one of "h"', 'initial-states', (d) => d.calls[0].initialStates.reverse()],
    ['calls[0].outputs must be the 3 tensors [output, h, c]', 'initial-states', (d) => d.calls[0].outputs.pop()],
    ['weights[0].shape must be kernel = [4, 20], got [20, 4]', 'returns-last', (d) => d.weights[0].shape.reverse()],
    ['weights must be the 3 tensors [kernel, recurrentKernel, bias]', 'returns-last', (d) => d.weights.pop()],
    ['initialBias.shape must be [4U] = [20]', 'returns-last', (d) => (d.initialBias.shape = [4, 5])],
    ['regularizationLoss must be a finite number', 'returns-last', (d) => (d.regularizationLoss = 'much')],
    ['gates must be the gates of 2 LSTMs', 'bidirectional-sum-last', (d) => d.gates.pop()],
    ['gates[0].direction must be one of "forward"', 'bidirectional-sum-last', (d) => d.gates.reverse()],
    ['gates[1].cell must be 1, got 0', 'stacked-cells-last', (d) => (d.gates[1].cell = 0)],
    ['gates[1].layer must be 1, got 0', 'stacked-layers', (d) => (d.gates[1].layer = 0)],
    ['gates[0].f must be an object, got null', 'returns-last', (d) => delete d.gates[0].f],
    ['gradients.loss must be a finite number', 'returns-last', (d) => (d.gradients.loss = null)],
    [
      'gradients.cotangents[0].shape must be output = [3, 5]',
      'returns-last',
      (d) => (d.gradients.cotangents[0].shape = [5, 3]),
    ],
    [
      'gradients.input.shape must be [B, T, D] = [3, 6, 4]',
      'returns-last',
      (d) => (d.gradients.input.shape = [3, 4, 6]),
    ],
  ];

  test.each(HOSTILE)('refuses a spoiled document: %s', (message, name, spoil) => {
    const load = () => loadFixture(spoiled(name, spoil));
    expect(load).toThrow(RangeError);
    expect(load).toThrow(/^loadFixture: /);
    expect(load).toThrow(message);
  });

  test('reads or refuses a changed document, and ends with nothing else', () => {
    const text = JSON.stringify(read('stateful-masked'));
    // The values in it, but for the base64, of which there is most.
    const values = [...text.matchAll(/(?<=[:,[])(?:"[^"]{0,40}"|[\d.-]+|true|false|null|\[[^[\]{}]*\])/g)];
    const pieces = ['null', '-1', '0', '1e9', '0.5', '{}', '[]', '[1,2,3]', '"__proto__"', '""', 'true', '"h"'];
    const change = fc.tuple(fc.nat(values.length - 1), fc.constantFrom(...pieces));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 2 }), (changes) => {
        let document = text;
        for (const [at, piece] of changes.sort(([a], [b]) => b - a)) {
          const { 0: value, index } = values[at] as RegExpExecArray;
          document = document.slice(0, index) + piece + document.slice(index + value.length);
        }
        try {
          expect(loadFixture(document).calls.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          expect((error as Error).message).toMatch(/^loadFixture: .{1,1000}$/);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('says that a document is cut off, wherever it is', () => {
    const text = readFileSync(kerasFixturePath('returns-last'), 'utf8').trimEnd();
    fc.assert(
      fc.property(fc.integer({ min: 1, max: text.length - 1 }), (length) => {
        expect(() => loadFixture(text.slice(0, length))).toThrow('loadFixture: the document must be JSON, got ');
      }),
      { numRuns: 50 },
    );
  });

  test.each([[null], [[]], [7], [true]])('refuses %p in place of a document', (source) => {
    expect(() => loadFixture(source as object)).toThrow('loadFixture: the document must be a JSON object');
  });
});
