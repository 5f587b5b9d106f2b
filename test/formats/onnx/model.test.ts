import fc from 'fast-check';
import protobuf from 'protobufjs';
import { FileError } from '../../../src/formats/file-error.js';
import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor } from '../../../src/formats/onnx/model.js';
import { readOnnxModel } from '../../../src/formats/onnx/read-model.js';
import { type WritableModel, writeOnnxModel } from '../../../src/formats/onnx/write-model.js';
import { onnxFile, onnxFixtures } from '../../convert/onnx/fixtures.js';

/** The oracle: a library that is generated from the schema. */
const Model = protobuf.loadSync(`${__dirname}/onnx.proto`).lookupType('onnx.ModelProto');
const asPlain = (bytes: Uint8Array) =>
  Model.toObject(Model.decode(bytes), { longs: Number, bytes: Array, arrays: true });
const encode = (document: object) => Model.encode(Model.fromObject(document)).finish();

const text = fc.string({ unit: 'grapheme', maxLength: 8 });
const size = fc.oneof(fc.nat(5), fc.constantFrom(0, 127, 128, 2 ** 31, 2 ** 40));
const signed = fc.oneof(fc.integer(), fc.constantFrom(-1, 0, 2 ** 53, -(2 ** 53)));
const tensor: fc.Arbitrary<OnnxTensor> = fc.record({
  name: text,
  shape: fc.array(size, { maxLength: 4 }),
  dataType: fc.nat(20),
  raw: fc.uint8Array({ minLength: 1, maxLength: 20 }),
  numbers: fc.constant(null),
  externalFile: fc.constant(null),
});
const value = fc.record({
  name: text,
  dataType: fc.nat(16),
  shape: fc.option(fc.array(fc.oneof(size, text), { maxLength: 3 })),
});
const { graph } = fc.letrec<{ graph: OnnxGraph; node: OnnxNode; attribute: OnnxAttribute }>((tie) => ({
  attribute: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ name: text, type: fc.constant('int' as const), value: signed }),
    fc.record({ name: text, type: fc.constant('float' as const), value: fc.float({ noNaN: true }) }),
    fc.record({ name: text, type: fc.constant('string' as const), value: text }),
    fc.record({ name: text, type: fc.constant('ints' as const), value: fc.array(signed, { maxLength: 3 }) }),
    fc.record({
      name: text,
      type: fc.constant('floats' as const),
      value: fc.array(fc.float({ noNaN: true }), { maxLength: 3 }),
    }),
    fc.record({ name: text, type: fc.constant('strings' as const), value: fc.array(text, { maxLength: 3 }) }),
    fc.record({ name: text, type: fc.constant('tensor' as const), value: tensor }),
    fc.record({ name: text, type: fc.constant('graph' as const), value: tie('graph') }),
    fc.record({ name: text, type: fc.constant('graphs' as const), value: fc.array(tie('graph'), { maxLength: 2 }) }),
  ) as fc.Arbitrary<OnnxAttribute>,
  node: fc.record({
    name: text,
    opType: text,
    domain: text.filter((domain) => domain !== 'ai.onnx'),
    inputs: fc.array(text, { maxLength: 3 }),
    outputs: fc.array(text, { maxLength: 3 }),
    attributes: fc.array(tie('attribute'), { maxLength: 2 }),
  }),
  graph: fc.record({
    name: text,
    nodes: fc.array(tie('node'), { maxLength: 2 }),
    initializers: fc.array(tensor, { maxLength: 2 }),
    sparseInitializers: fc.constant([]),
    inputs: fc.array(value, { maxLength: 2 }),
    outputs: fc.array(value, { maxLength: 2 }),
    values: fc.array(value, { maxLength: 2 }),
  }),
}));
const model: fc.Arbitrary<WritableModel> = fc.record({
  irVersion: fc.integer({ min: 1, max: 12 }),
  producerName: text,
  producerVersion: text,
  opsets: fc
    .uniqueArray(fc.tuple(text, fc.nat(30)), { maxLength: 3, selector: ([domain]) => domain })
    .map((opsets) => new Map(opsets)),
  graph,
});

const RUNS = { numRuns: 60 };

describe('readOnnxModel', () => {
  it('reads what writeOnnxModel writes', () => {
    fc.assert(
      fc.property(model, (document) => {
        expect(readOnnxModel(writeOnnxModel(document))).toEqual({ ...document, functions: [] });
      }),
      RUNS,
    );
  });

  it('reads what protobufjs makes of that, fields that are empty or 0 left out and lists packed', () => {
    fc.assert(
      fc.property(model, (document) => {
        const written = writeOnnxModel(document);
        const again = Model.encode(Model.decode(written)).finish();
        expect(readOnnxModel(again)).toEqual(readOnnxModel(written));
      }),
      RUNS,
    );
  });

  it.each(onnxFixtures())('reads a real file as protobufjs does: $name', ({ name }) => {
    const read = readOnnxModel(onnxFile(name));
    const expected = asPlain(onnxFile(name));
    expect(read.irVersion).toBe(expected.irVersion);
    expect(read.producerName).toBe(expected.producerName ?? '');
    expect([...read.opsets]).toEqual(expected.opsetImport.map(({ domain = '', version = 0 }) => [domain, version]));
    expect(summary(read.graph)).toEqual(expectedSummary(expected.graph));
    expect(read.functions.map(({ name: called }) => called)).toEqual(
      expected.functions.map((each: Plain) => each.name),
    );
  });

  it('knows which numbers a tensor has one by one, and which lie in another file', () => {
    const tensors = [
      { name: 'floats', dims: [2], dataType: 1, floatData: [1.5, -2] },
      { name: 'doubles', dims: [1], dataType: 11, doubleData: [0.1] },
      { name: 'ints', dims: [2], dataType: 6, int32Data: [-7, 7] },
      { name: 'longs', dims: [2], dataType: 7, int64Data: [-1, 2] },
      {
        name: 'external',
        dims: [1],
        dataType: 1,
        dataLocation: 1,
        externalData: [{ key: 'location', value: 'w.bin' }],
      },
    ];
    const bytes = encode({ irVersion: 8, graph: { name: 'g', initializer: tensors } });
    expect(readOnnxModel(bytes).graph.initializers.map(({ numbers, externalFile }) => [numbers, externalFile])).toEqual(
      [
        [[1.5, -2], null],
        [[0.1], null],
        [[-7, 7], null],
        [[-1n, 2n], null],
        [null, 'w.bin'],
      ],
    );
  });

  it('takes attributes of the first files, which do not say their type, and those that a caller gives', () => {
    const attribute = [
      { name: 'a', i: 3 },
      { name: 'b', floats: [1, 2] },
      { name: 'c', refAttrName: 'of_the_function', type: 2 },
      { name: 'd', s: Buffer.from('forward'), type: 3 },
      { name: 'e', type: 7 },
    ];
    const bytes = encode({ irVersion: 1, graph: { node: [{ opType: 'LSTM', domain: 'ai.onnx', attribute }] } });
    const [node] = readOnnxModel(bytes).graph.nodes;
    expect(node!.domain).toBe('');
    expect(node!.attributes).toEqual([
      { name: 'a', type: 'int', value: 3 },
      { name: 'b', type: 'floats', value: [1, 2] },
      { name: 'c', type: 'other' },
      { name: 'd', type: 'string', value: 'forward' },
      { name: 'e', type: 'ints', value: [] },
    ]);
  });

  it.each<[string, number[], RegExp]>([
    ['nothing', [], /^the file must be an ONNX model: it has no graph$/],
    ['no version', [0x3a, 0], /^the file must be an ONNX model: it has no version$/],
    ['a text', [...Buffer.from('{"modelTopology": {}}')], /^byte \d+ /],
    ['the middle of a number', [0x08, 0x80], /^byte 2 ends in the middle of a number$/],
    ['a number without end', [0x08, ...new Array(11).fill(0x80)], /must have numbers of ten bytes at most/],
    ['a field number of 0', [0x00, 0x01], /must begin a field with a number from 1/],
    ['a field number of 2^29', [0x80, 0x80, 0x80, 0x80, 0x10, 1], /must begin a field with a number from 1/],
    ['a group', [0x0b], /unknown wire type 3/],
    ['a length beyond the end', [0x3a, 0x7f, 1], /^byte 2 says that 127 bytes follow, but 1 do$/],
    ['a length of 2^63', [0x3a, ...new Array(9).fill(0xff), 1], /says that 18446744073709552000 bytes follow/],
    ['a graph that is a number', [0x38, 1], /^byte 1 must have a length and bytes in its field 7, but has a varint$/],
    ['a version that is a float', [0x0d, 0, 0, 0, 0], /^byte 1 must have a varint in its field 1, but has 4 bytes$/],
  ])('refuses what is no ONNX file: %s', (_, bytes, message) => {
    expect(() => readOnnxModel(Uint8Array.from(bytes))).toThrow(message);
    expect(() => readOnnxModel(Uint8Array.from(bytes))).toThrow(FileError);
  });

  it('says where in the file something is wrong, however deep', () => {
    const bytes = encode({ irVersion: 8, graph: { node: [{ input: ['X'], opType: 'LSTM' }] } });
    const place = bytes.length - 1 - 'LSTM'.length;
    bytes[place] = 99;
    expect(() => readOnnxModel(bytes)).toThrow(`byte ${place + 1} says that 99 bytes follow, but 4 do`);
  });

  it('refuses graphs nested without end, shapes without end, and more names than memory should hold', () => {
    const around = (inner: OnnxGraph): OnnxGraph => ({
      ...inner,
      nodes: [
        {
          name: '',
          opType: 'If',
          domain: '',
          inputs: [],
          outputs: [],
          attributes: [{ name: 'then', type: 'graph', value: inner }],
        },
      ],
    });
    const empty = {
      name: 'g',
      nodes: [],
      initializers: [],
      sparseInitializers: [],
      inputs: [],
      outputs: [],
      values: [],
    };
    const nested = (depth: number) => {
      let graph: OnnxGraph = empty;
      for (let n = 0; n < depth; n++) graph = around(graph);
      return writeOnnxModel({ irVersion: 8, producerName: '', producerVersion: '', opsets: new Map(), graph });
    };
    expect(readOnnxModel(nested(30)).graph.name).toBe('g');
    expect(() => readOnnxModel(nested(50))).toThrow(/nested deeper than 100/);
    const dims = new Array(40).fill(1);
    expect(() => readOnnxModel(encode({ irVersion: 8, graph: { initializer: [{ dims }] } }))).toThrow(
      /at most 32 numbers/,
    );
    // A graph of 1,000,001 empty tensors, of two bytes each.
    const names = Uint8Array.from({ length: 2_000_006 }, (_, at) => (at >= 4 && at % 2 === 0 ? 0x2a : 0));
    names.set([0x3a, 0x82, 0x89, 0x7a]);
    expect(() => readOnnxModel(names)).toThrow(/beyond the number of messages and texts/);
  });
});

type Plain = Record<string, never> & { [name: string]: unknown };

function summary({ nodes, initializers, inputs, outputs }: OnnxGraph): unknown {
  return {
    nodes: nodes.map(({ name, opType, inputs, outputs, attributes }) => ({
      name,
      opType,
      inputs,
      outputs,
      attributes: attributes.map(({ name: called }) => called),
      graphs: attributes.flatMap((attribute) => (attribute.type === 'graph' ? [summary(attribute.value)] : [])),
    })),
    initializers: initializers.map(({ name, shape, raw }) => [name, shape, [...(raw ?? [])]]),
    values: [...inputs, ...outputs].map(({ name, shape }) => [name, shape?.length]),
  };
}

interface PlainGraph {
  node: {
    name?: string;
    opType: string;
    input: string[];
    output: string[];
    attribute: { name: string; g?: PlainGraph }[];
  }[];
  initializer: { name: string; dims: number[]; rawData?: number[] }[];
  input: PlainValue[];
  output: PlainValue[];
}

interface PlainValue {
  name: string;
  type?: { tensorType: { shape?: { dim: unknown[] } } };
}

function expectedSummary({ node, initializer, input, output }: PlainGraph): unknown {
  return {
    nodes: node.map(({ name = '', opType, input: inputs, output: outputs, attribute }) => ({
      name,
      opType,
      inputs,
      outputs,
      attributes: attribute.map(({ name: called }) => called),
      graphs: attribute.flatMap(({ g }) => (g == null ? [] : [expectedSummary(g)])),
    })),
    initializers: initializer.map(({ name, dims, rawData }) => [name, dims, rawData ?? []]),
    values: [...input, ...output].map(({ name, type }) => [name, type?.tensorType.shape?.dim.length]),
  };
}
