import * as tf from '@tensorflow/tfjs';
import { FileError, type OnnxLSTM, readOnnx } from '../../../src/convert/index.js';
import type { OnnxNode, OnnxTensor } from '../../../src/formats/onnx/model.js';
import { floatTensor, integerTensor } from '../../../src/formats/onnx/tensor-numbers.js';
import { writeOnnxModel } from '../../../src/formats/onnx/write-model.js';
import { LSTM } from '../../../src/index.js';
import { asList, expectClose } from '../../support/close.js';
import { decode, onnxFile, onnxFixtures } from './fixtures.js';

const fixtures = onnxFixtures();
const loadable = fixtures.filter(({ name }) => !name.startsWith('refused'));

/** ONNX returns the outputs of a reverse node in the order of the input. */
function inOrder(node: OnnxLSTM, y: tf.Tensor): tf.Tensor {
  return node.options.direction === 'reverse' ? tf.reverse(y, 1) : y;
}

describe('readOnnx', () => {
  it('has fixtures', () => {
    expect(loadable.length).toBeGreaterThanOrEqual(27);
  });

  it.each(loadable)('computes what onnxruntime computes: $name', async ({ file, nodes: expected }) => {
    const before = tf.memory().numTensors;
    const nodes = await readOnnx(file);
    if (expected[0]?.path !== null) expect(nodes.map(({ path }) => path)).toEqual(expected.map(({ path }) => path));
    for (const [n, { path, x, y, mask, initialState, states }] of expected.entries()) {
      const layers = (path === null ? nodes : [nodes[n] as OnnxLSTM]).map((node) =>
        node.toLayer({ returnState: states !== undefined }),
      );
      tf.tidy(() => {
        const kwargs: Record<string, unknown> = {};
        if (mask !== undefined) kwargs.mask = decode(mask);
        if (initialState !== undefined) kwargs.initialState = initialState.map(decode);
        let outputs = [decode(x)];
        for (const layer of layers) outputs = asList(layer.apply(outputs[0] as tf.Tensor, kwargs) as tf.Tensor);
        const [output, ...last] = outputs as [tf.Tensor];
        expectClose(inOrder(nodes[n] as OnnxLSTM, output), decode(y));
        expect(last).toHaveLength(states?.length ?? 0);
        for (const [k, state] of last.entries()) expectClose(state, decode(states![k]!));
      });
      for (const layer of layers) tf.dispose(layer.getWeights());
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it('makes a plain, fused LSTM of a node that is one', async () => {
    const [node] = await readOnnx(onnxFile('forward'));
    const layer = node!.toLayer({ name: 'encoder', returnSequences: false }) as LSTM;
    expect(layer).toBeInstanceOf(LSTM);
    expect([layer.name, layer.cell.getClassName()]).toEqual(['encoder', 'ExplicitLSTMCell']);
    expect((layer.apply(tf.zeros([2, 3, 3])) as tf.Tensor).shape).toEqual([2, 4]);
    tf.disposeVariables();
  });

  it('says what a node is', async () => {
    const [everything] = await readOnnx(onnxFile('everything'));
    const activations = {
      f: { name: 'Sigmoid', alpha: null, beta: null },
      g: { name: 'Tanh', alpha: null, beta: null },
      h: { name: 'Tanh', alpha: null, beta: null },
    };
    expect(everything).toMatchObject({ name: 'lstm', path: 'lstm' });
    expect(everything!.options).toEqual({
      units: 4,
      features: 3,
      direction: 'bidirectional',
      useBias: true,
      peepholes: true,
      coupled: true,
      gateClip: Math.fround(0.6),
      activations: [activations, activations],
      timeMajor: true,
      sequenceLens: false,
      initialState: 'zeros',
    });
    const [bare] = await readOnnx(onnxFile('bare'));
    expect(bare).toMatchObject({ name: 'Y', options: { units: 4, useBias: false, direction: 'forward' } });
    const [batchwise] = await readOnnx(onnxFile('batchwise'));
    expect(batchwise!.options.timeMajor).toBe(false);
    const [lengths] = await readOnnx(onnxFile('lengths'));
    expect(lengths!.options.sequenceLens).toBe(true);
    const [states] = await readOnnx(onnxFile('states'));
    expect(states!.options.initialState).toBe('given');
    const [stored, fromZeros] = await readOnnx(onnxFile('stored-states'));
    expect(stored!.options.initialState).toMatchObject({ h: { shape: [1, 2, 4] }, c: { shape: [1, 2, 4] } });
    expect(fromZeros!.options.initialState).toBe('zeros');
  });

  it.each([
    [
      'refused-quantized',
      /^the bytes: the graph has no LSTM node, but 1 com.microsoft.DynamicQuantizeLSTM; .* before quant/,
    ],
    ['refused-gru', /^the bytes: the graph has no LSTM node, but 1 GRU; a GRU is no LSTM$/],
  ])('says what a file has in the place of an LSTM: %s', async (name, message) => {
    await expect(readOnnx(onnxFile(name))).rejects.toThrow(message);
    await expect(readOnnx(onnxFile(name))).rejects.toThrow(FileError);
  });

  it.each([
    ['refused-inputs', /^the bytes: the value 'W' is an input of the graph; weights must be stored/],
    ['refused-external', /^the bytes: the tensor 'W' has its numbers in another file, 'weights.bin'; save .* one file/],
  ])('lists a node whose weights it cannot have, and refuses to make a layer of it: %s', async (name, message) => {
    const before = tf.memory().numTensors;
    const [node] = await readOnnx(onnxFile(name));
    expect(node!.options).toMatchObject({ units: 4, features: null });
    expect(() => node!.toLayer()).toThrow(message);
    expect(() => node!.toLayer()).toThrow(FileError);
    expect(tf.memory().numTensors).toBe(before);
  });

  /** A file of one node, with W and R of one direction of one unit. */
  function fileOf(attributes: OnnxNode['attributes'], states: string[] = [], more: OnnxTensor[] = []): Uint8Array {
    const inputs = ['X', 'W', 'R', '', '', ...states];
    const node: OnnxNode = { name: 'lstm', opType: 'LSTM', domain: '', inputs, outputs: ['Y'], attributes };
    const weights = ['W', 'R'].map((name) => floatTensor(name, [1, 4, 1], Float32Array.of(1, -2, 3, -4)));
    const graph = {
      name: 'g',
      nodes: [node],
      initializers: [...weights, ...more],
      sparseInitializers: [],
      inputs: [],
      outputs: [],
      values: [],
    };
    return writeOnnxModel({ irVersion: 8, producerName: '', producerVersion: '', opsets: new Map(), graph });
  }

  it.each<[string, string, OnnxNode['attributes'][number]]>([
    ['a clip that is an integer', 'clip, as float', { name: 'clip', type: 'int', value: 1 }],
    ['a direction that a caller gives', 'direction, as string', { name: 'direction', type: 'other' }],
    ['activations in one text', 'activations, as strings', { name: 'activations', type: 'string', value: 'Tanh' }],
    ['an alpha that is one', 'activation_alpha, as floats', { name: 'activation_alpha', type: 'float', value: 1 }],
    ['a layout that is a text', 'layout, as int', { name: 'layout', type: 'string', value: '1' }],
  ])('refuses, and does not read as if it were not there, %s', async (_, said, attribute) => {
    const reading = readOnnx(fileOf([attribute]));
    await expect(reading).rejects.toThrow(`the LSTM node 'lstm' must itself say its attribute ${said}`);
    await expect(reading).rejects.toThrow(FileError);
  });

  type Attributes = OnnxNode['attributes'];
  const text = (name: string, value: string): Attributes[number] => ({ name, type: 'string', value });
  const int = (name: string, value: number): Attributes[number] => ({ name, type: 'int', value });
  const floats = (name: string, ...value: number[]): Attributes[number] => ({ name, type: 'floats', value });
  const clip = (value: number): Attributes[number] => ({ name: 'clip', type: 'float', value });
  const activations = (...value: string[]): Attributes[number] => ({ name: 'activations', type: 'strings', value });

  it.each<[Attributes, string]>([
    [[text('direction', 'backward')], "must have the direction forward, reverse or bidirectional, not 'backward'"],
    [[clip(0)], 'must have a positive clip, not 0'],
    [[clip(Number.NaN)], 'must have a positive clip, not NaN'],
    [[int('layout', 2)], 'must have the layout 0 or 1, not 2'],
    [[activations('Sigmoid', 'Tanh')], 'must have 3 activations, f, g and h of each direction, not 2'],
    [[activations('Sigmoid', 'Gelu', 'Tanh')], "must have activations that ONNX knows, not 'Gelu'"],
  ])('refuses a node with the attributes %j', async (attributes, message) => {
    const reading = readOnnx(fileOf(attributes));
    await expect(reading).rejects.toThrow(`the bytes: the LSTM node 'lstm' ${message}`);
    await expect(reading).rejects.toThrow(FileError);
  });

  const zeros = (name: string, ...shape: number[]) =>
    floatTensor(name, shape, new Float32Array(shape.reduce((product, size) => product * size, 1)));
  it.each<[string, Attributes, OnnxTensor[], string]>([
    ['integers for weights', [], [integerTensor('W', [1])], 'must have floating-point numbers in W, not int64'],
    ['a matrix', [], [zeros('W', 4, 1)], 'must have weights W of the shape [directions, 4U, D], not [4,1]'],
    ['no features', [], [zeros('W', 1, 4, 0)], 'must have weights W of the shape [directions, 4U, D], not [1,4,0]'],
    ['two directions', [], [zeros('W', 2, 4, 1)], 'must have weights W of 1 directions, not 2'],
    ['other units', [int('hidden_size', 2)], [], 'must have W of the shape [1,8,1], not [1,4,1]'],
    ['a wide R', [], [zeros('R', 1, 4, 2)], 'must have R of the shape [1,4,1], not [1,4,2]'],
    [
      'two activations',
      [activations('Sigmoid', 'Tanh', 'Relu')],
      [],
      'has Tanh for the candidate and Relu for the cell state, and no layer has two',
    ],
    [
      'a leaky one',
      [activations('Sigmoid', 'LeakyRelu', 'LeakyRelu')],
      [],
      'has the activation LeakyRelu (alpha 0.01), which no layer has',
    ],
    [
      'a scaled cell state',
      [activations('Sigmoid', 'Affine', 'Affine'), floats('activation_alpha', 1, 2), floats('activation_beta', 0, 3)],
      [],
      'has the activation Affine (alpha 2, beta 3) of the cell state, which no layer has',
    ],
    [
      'a clip before a slope',
      [clip(1), activations('HardSigmoid', 'Tanh', 'Tanh'), floats('activation_alpha', 0.3)],
      [],
      'has a clip before an activation with an alpha or beta of its own, which no cell has',
    ],
    [
      'two ways',
      [text('direction', 'bidirectional'), activations('Sigmoid', 'Tanh', 'Tanh', 'Tanh', 'Tanh', 'Tanh')],
      [zeros('W', 2, 4, 1), zeros('R', 2, 4, 1)],
      'has other activations in one direction than in the other, which no bidirectional layer has',
    ],
  ])('makes no layer of a node with %s', async (_, attributes, tensors, message) => {
    const before = tf.memory().numTensors;
    const [node] = await readOnnx(fileOf(attributes, [], tensors));
    expect(() => node!.toLayer()).toThrow(`the bytes: the LSTM node 'lstm' ${message}`);
    expect(() => node!.toLayer()).toThrow(FileError);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([[[1, 2, 2]], [[2, 2, 1]], [[1, 1]]])('refuses stored states of the shape %j', async (shape) => {
    const state = floatTensor('h', shape, new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(1));
    await expect(readOnnx(fileOf([], ['h'], [state]))).rejects.toThrow(
      `must have initial states of 1 directions and 1 units, not [${shape}]`,
    );
  });

  it('takes states that it cannot have for such as the file gives', async () => {
    const text: OnnxTensor = { ...floatTensor('h', [1, 2, 1], new Float32Array(2)), dataType: 8 };
    const [node] = await readOnnx(fileOf([], ['h'], [text]));
    expect(node!.options.initialState).toBe('given');
  });

  it.each([0, 1])('gives stored states as [directions, B, U], whichever the layout: %d', async (layout) => {
    // h of direction d and sample b is 10 d + b.
    const states = layout === 0 ? [0, 1, 2, 10, 11, 12] : [0, 10, 1, 11, 2, 12];
    const shape = layout === 0 ? [2, 3, 1] : [3, 2, 1];
    const ones = (name: string, sizes: number[]) =>
      floatTensor(name, sizes, new Float32Array(sizes.reduce((product, size) => product * size, 1)).fill(1));
    const lstmNode: OnnxNode = {
      name: 'lstm',
      opType: 'LSTM',
      domain: '',
      inputs: ['X', 'W', 'R', '', '', 'h'],
      outputs: ['Y'],
      attributes: [
        { name: 'direction', type: 'string', value: 'bidirectional' },
        { name: 'layout', type: 'int', value: layout },
      ],
    };
    const initializers = [
      ones('W', [2, 4, 1]),
      ones('R', [2, 4, 1]),
      floatTensor('h', shape, Float32Array.from(states)),
    ];
    const graph = {
      name: 'g',
      nodes: [lstmNode],
      initializers,
      sparseInitializers: [],
      inputs: [],
      outputs: [],
      values: [],
    };
    const model = { irVersion: 8, producerName: '', producerVersion: '', opsets: new Map([['', 14]]), graph };
    const [node] = await readOnnx(writeOnnxModel(model));
    expect(node!.options.initialState).toEqual({
      h: { dtype: 'float32', shape: [2, 3, 1], data: Float32Array.of(0, 1, 2, 10, 11, 12) },
      c: { dtype: 'float32', shape: [2, 3, 1], data: new Float32Array(6) },
    });
  });

  it('refuses misspelt options, and files that are longer than allowed', async () => {
    await expect(readOnnx(onnxFile('forward'), { max_bytes: 3 } as never)).rejects.toThrow(
      /^readOnnx: the option must be spelt 'maxBytes', got 'max_bytes'/,
    );
    await expect(readOnnx(onnxFile('forward'), { maxBytes: 100 })).rejects.toThrow(/must have 100 bytes at most/);
    const [node] = await readOnnx(onnxFile('forward'));
    expect(() => node!.toLayer({ returnSequences: 1 as never })).toThrow(/returnSequences must be a boolean, got 1/);
  });
});
