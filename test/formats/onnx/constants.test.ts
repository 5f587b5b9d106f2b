import { FileError } from '../../../src/formats/file-error.js';
import { Scope } from '../../../src/formats/onnx/constants.js';
import type { OnnxAttribute, OnnxNode, OnnxTensor } from '../../../src/formats/onnx/model.js';
import { floatTensor, integerTensor } from '../../../src/formats/onnx/tensor-numbers.js';

function node(opType: string, inputs: string[], outputs: string[], ...attributes: OnnxAttribute[]): OnnxNode {
  return { name: '', opType, domain: '', inputs, outputs, attributes };
}

const ints = (name: string, ...value: number[]): OnnxAttribute => ({ name, type: 'ints', value });
const int = (name: string, value: number): OnnxAttribute => ({ name, type: 'int', value });

/** 0, 1, 2, … */
function counting(name: string, ...shape: number[]): OnnxTensor {
  return floatTensor(
    name,
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, n) => n),
  );
}

function scope(nodes: OnnxNode[], initializers: OnnxTensor[], outer: Scope | null = null, numbers = 10_000): Scope {
  const declared = [{ name: 'X', dataType: 1, shape: ['batch', 3, 5] }];
  const graph = { nodes, initializers, inputs: ['X'], sparseInitializers: ['sparse'], declared };
  return new Scope(graph, outer, { left: numbers });
}

function result(node: OnnxNode, ...initializers: OnnxTensor[]): [number[], number[]] {
  const { shape, data } = scope([node], initializers).constant(node.outputs[0] as string);
  return [shape, Array.from(data as Float32Array, Number)];
}

const x = counting('x', 2, 3);

describe('Scope.constant', () => {
  it.each<[string, OnnxNode, OnnxTensor[], number[], number[]]>([
    [
      'Slice of old files',
      node('Slice', ['x'], ['y'], ints('starts', 1), ints('ends', 9), ints('axes', 1)),
      [x],
      [2, 2],
      [1, 2, 4, 5],
    ],
    [
      'Slice backwards, with steps',
      node('Slice', ['x', 'from', 'to', 'axes', 'steps'], ['y']),
      [
        x,
        integerTensor('from', [-1]),
        integerTensor('to', [-100]),
        integerTensor('axes', [-1]),
        integerTensor('steps', [-2]),
      ],
      [2, 2],
      [2, 0, 5, 3],
    ],
    [
      'Slice backwards, from before the first',
      node('Slice', ['x', 'from', 'to', 'axes', 'steps'], ['y']),
      [
        x,
        integerTensor('from', [-9]),
        integerTensor('to', [-100]),
        integerTensor('axes', [1]),
        integerTensor('steps', [-1]),
      ],
      [2, 1],
      [0, 3],
    ],
    [
      'Slice of nothing',
      node('Slice', ['x'], ['y'], ints('starts', 2), ints('ends', 1), ints('axes', 1)),
      [x],
      [2, 0],
      [],
    ],
    [
      'Concat of an inner axis',
      node('Concat', ['x', 'x'], ['y'], int('axis', -1)),
      [x],
      [2, 6],
      [0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5],
    ],
    ['Transpose without an order', node('Transpose', ['x'], ['y']), [x], [3, 2], [0, 3, 1, 4, 2, 5]],
    ['Reshape of old files', node('Reshape', ['x'], ['y'], ints('shape', 3, -1)), [x], [3, 2], [0, 1, 2, 3, 4, 5]],
    [
      'Reshape that keeps a size',
      node('Reshape', ['x', 's'], ['y']),
      [x, integerTensor('s', [0, 1, -1])],
      [2, 1, 3],
      [0, 1, 2, 3, 4, 5],
    ],
    ['Squeeze of all', node('Squeeze', ['z'], ['y']), [counting('z', 1, 2, 1)], [2], [0, 1]],
    ['Squeeze of old files', node('Squeeze', ['z'], ['y'], ints('axes', -1)), [counting('z', 1, 2, 1)], [1, 2], [0, 1]],
    [
      'Unsqueeze of old files',
      node('Unsqueeze', ['x'], ['y'], ints('axes', 0, -1)),
      [x],
      [1, 2, 3, 1],
      [0, 1, 2, 3, 4, 5],
    ],
    [
      'Gather by a matrix',
      node('Gather', ['x', 'at'], ['y'], int('axis', 1)),
      [x, integerTensor('at', [2, -3])],
      [2, 2],
      [2, 0, 5, 3],
    ],
    [
      'Split into unequal parts',
      node('Split', ['x'], ['y'], int('axis', 1), ints('split', 3)),
      [x],
      [2, 3],
      [0, 1, 2, 3, 4, 5],
    ],
    ['ConstantOfShape', node('ConstantOfShape', ['s'], ['y']), [integerTensor('s', [1, 2])], [1, 2], [0, 0]],
    [
      'Constant of floats',
      node('Constant', [], ['y'], { name: 'value_floats', type: 'floats', value: [0.5, 2] }),
      [],
      [2],
      [0.5, 2],
    ],
    ['Constant of the largest integer', node('Constant', [], ['y'], ints('value_ints', 2 ** 63)), [], [1], [2 ** 63]],
    [
      'Constant of one float',
      node('Constant', [], ['y'], { name: 'value_float', type: 'float', value: 0.5 }),
      [],
      [],
      [0.5],
    ],
    ['Constant of one integer', node('Constant', [], ['y'], int('value_int', -3)), [], [], [-3]],
    [
      'Cast to integers',
      node('Cast', ['n'], ['y'], int('to', 7)),
      [floatTensor('n', [4], Float32Array.of(-1.5, 2.7, Number.NaN, Number.NEGATIVE_INFINITY))],
      [4],
      [-1, 2, 0, 0],
    ],
    [
      'Reshape that takes 0 for 0',
      node('Reshape', ['none', 's'], ['y'], int('allowzero', 1)),
      [floatTensor('none', [3, 0], new Float32Array(0)), integerTensor('s', [0, 7])],
      [0, 7],
      [],
    ],
    [
      'Squeeze of a named axis',
      node('Squeeze', ['z', 'axes'], ['y']),
      [counting('z', 1, 2, 1), integerTensor('axes', [0])],
      [2, 1],
      [0, 1],
    ],
    [
      'DequantizeLinear by one scale, without a zero point',
      node('DequantizeLinear', ['x', 'scale'], ['y']),
      [x, floatTensor('scale', [], Float32Array.of(0.5))],
      [2, 3],
      [0, 0.5, 1, 1.5, 2, 2.5],
    ],
    ['Cast to bool', node('Cast', ['x'], ['y'], int('to', 9)), [x], [2, 3], [0, 1, 1, 1, 1, 1]],
    [
      'DequantizeLinear by column',
      node('DequantizeLinear', ['x', 'scale', 'zero'], ['y'], int('axis', 1)),
      [x, floatTensor('scale', [3], Float32Array.of(1, 2, 4)), floatTensor('zero', [3], Float32Array.of(0, 1, 2))],
      [2, 3],
      [0, 0, 0, 3, 6, 12],
    ],
  ])('%s', (_, operation, initializers, shape, numbers) => {
    expect(result(operation, ...initializers)).toEqual([shape, numbers]);
  });

  it.each<[string, number, number[] | bigint[], ArrayLike<number | bigint>]>([
    ['float16', 10, [0x3c00, 0xc100], Float32Array.of(1, -2.5)],
    ['bfloat16', 16, [0x3f80, 0xc020], Float32Array.of(1, -2.5)],
    ['float64', 11, [0.1], Float64Array.of(0.1)],
    ['int8', 3, [-3, 127], Int8Array.of(-3, 127)],
    ['uint32', 12, [4_000_000_000n], Uint32Array.of(4_000_000_000)],
    ['int64', 7, [-1n, 2n ** 62n], BigInt64Array.of(-1n, 2n ** 62n)],
    ['uint64', 13, [-1n], BigUint64Array.of(2n ** 64n - 1n)],
    ['bool', 9, [0, 1], Uint8Array.of(0, 1)],
  ])('reads %s one by one', (dtype, dataType, numbers, data) => {
    const tensor = { name: 't', shape: [numbers.length], dataType, raw: null, numbers, externalFile: null };
    expect(scope([], [tensor]).constant('t')).toEqual({ dtype, shape: [numbers.length], data });
  });

  it('gives the second part of a Split, and halves of float16', () => {
    const parts = scope([node('Split', ['x'], ['a', 'b'], int('axis', 1), ints('split', 1, 2))], [x]);
    expect(parts.constant('b')).toEqual({ dtype: 'float32', shape: [2, 2], data: Float32Array.of(1, 2, 4, 5) });
    const third = floatTensor('third', [1], Float32Array.of(1 / 3));
    const narrow = scope([node('Cast', ['third'], ['y'], int('to', 10))], [third]).constant('y');
    expect(narrow).toEqual({ dtype: 'float16', shape: [1], data: Float32Array.of(1365 / 4096) });
  });

  it('looks outside for what is not made inside, and inside first', () => {
    const outer = scope([], [counting('a', 1), counting('b', 2)]);
    const inner = scope([node('Identity', ['b'], ['c'])], [counting('a', 3)], outer);
    expect([inner.constant('a').shape, inner.constant('c').shape]).toEqual([[3], [2]]);
  });

  it.each<[string, OnnxNode[], number[]]>([
    ['a stored tensor', [node('Shape', ['x'], ['y'])], [2, 3]],
    ['what is made of stored tensors', [node('Transpose', ['x'], ['t']), node('Shape', ['t'], ['y'])], [3, 2]],
    ['a declared value, as far as it is asked', [node('Shape', ['X'], ['y'], int('start', -2))], [3, 5]],
    ['a part of it', [node('Shape', ['X'], ['y'], int('start', 1), int('end', 2))], [3]],
    [
      'what is cut out of a declared value along another axis',
      [
        node('Slice', ['X', 'one', 'one', 'axes'], ['cut']),
        node('Shape', ['cut'], ['y'], int('start', 2)),
        node('Constant', [], ['axes'], ints('value_ints', -2)),
        node('Constant', [], ['one'], ints('value_ints', 1)),
      ],
      [5],
    ],
    [
      'a multiple of a size',
      [
        node('Shape', ['X'], ['size'], int('start', 2)),
        node('Constant', [], ['three'], int('value_int', 3)),
        node('Mul', ['three', 'size'], ['y']),
      ],
      [15],
    ],
  ])('knows the shape of %s', (_, nodes, expected) => {
    const { dtype, shape, data } = scope(nodes, [x]).constant('y');
    expect([dtype, shape, Array.from(data as BigInt64Array, Number)]).toEqual(['int64', [expected.length], expected]);
  });

  it('does not follow shapes of shapes without end', () => {
    const nodes = Array.from({ length: 90 }, (_, n) => [
      node('Slice', [n === 0 ? 'X' : `shape ${n - 1}`, 'a', 'a', 'a'], [`slice ${n}`]),
      node('Shape', [`slice ${n}`], [`shape ${n}`]),
    ]).flat();
    const all = scope([...nodes, node('Constant', [], ['a'], ints('value_ints', 0))], []);
    expect(() => all.constant('shape 89')).toThrow(FileError);
  });

  it('knows shapes of values of the graphs around', () => {
    const outer = scope([], [x]);
    const nodes = [node('Shape', ['x'], ['of x']), node('Shape', ['X'], ['of X'])];
    // An input is what its own graph says of it.
    const { data } = scope(nodes, [], outer).constant('of x');
    expect(Array.from(data as BigInt64Array, Number)).toEqual([2, 3]);
    expect(() => scope(nodes, [], outer).constant('of X')).toThrow("the value 'of X' is made by the operator Shape");
  });

  it.each<[string, OnnxNode[], OnnxTensor[], RegExp]>([
    [
      'a size that varies',
      [node('Shape', ['X'], ['y'], int('end', 1))],
      [],
      /^the value 'y' is made by the operator Shape; weights must be stored/,
    ],
    [
      'a size of a slice that is not known',
      [
        node('Constant', [], ['one'], ints('value_ints', 1)),
        node('Slice', ['X', 'one', 'one', 'one'], ['cut']),
        node('Shape', ['cut'], ['y']),
      ],
      [],
      /^the value 'y' is made by the operator Shape; /,
    ],
    ['a shape of itself', [node('Shape', ['y'], ['y'])], [], /must be at most 200 operations|operator Shape; /],
    [
      'weights times weights',
      [node('Mul', ['x', 'x'], ['y'])],
      [x],
      /^the node 'y' \(Mul\) must be of two whole numbers/,
    ],
    [
      'an input',
      [node('Identity', ['X'], ['y'])],
      [],
      /^the value 'X' is an input of the graph; weights must be stored/,
    ],
    ['a product', [node('MatMul', ['x', 'x'], ['y'])], [x], /^the value 'y' is made by the operator MatMul; /],
    [
      'nothing',
      [node('Identity', ['nobody'], ['y'])],
      [],
      /^the value 'nobody' is used, but nothing in the file makes it$/,
    ],
    ['a sparse tensor', [node('Identity', ['sparse'], ['y'])], [], /^the value 'sparse' is a sparse tensor/],
    ['itself', [node('Concat', ['y', 'y'], ['y'])], [], /must be at most 200 operations from its numbers/],
    [
      'a wrong axis',
      [node('Concat', ['x'], ['y'], int('axis', 2))],
      [x],
      /^the node 'y' \(Concat\) must name an axis of 2, but names 2$/,
    ],
    [
      'other shapes',
      [node('Concat', ['x', 'z'], ['y'])],
      [x, counting('z', 2)],
      /cannot join float32 \[2,3\] and float32 \[2\]/,
    ],
    ['a size too many', [node('Reshape', ['x'], ['y'], ints('shape', 4, -1))], [x], /cannot make \[4,1.5\] of \[2,3\]/],
    [
      'a step of 0',
      [node('Slice', ['x', 'a', 'a', 'a', 'a'], ['y'])],
      [x, integerTensor('a', [0])],
      /steps other than 0/,
    ],
    [
      'a row too many',
      [node('Gather', ['x', 'a'], ['y'])],
      [x, integerTensor('a', [2])],
      /must take rows of 2, but takes 2/,
    ],
    [
      'an order of other axes',
      [node('Transpose', ['x'], ['y'], ints('perm', 0, 0))],
      [x],
      /must order 2 axes, but has \[0,0\]/,
    ],
    ['a missing input', [node('Squeeze', [''], ['y'])], [], /must have the input 0/],
    ['a cast to text', [node('Cast', ['x'], ['y'], int('to', 8))], [x], /casts to the data type 8/],
    [
      '2^38 zeros',
      [node('ConstantOfShape', ['s'], ['y'])],
      [integerTensor('s', [2 ** 38])],
      /more numbers than a file of this length/,
    ],
    [
      'a negative size',
      [node('ConstantOfShape', ['s'], ['y'])],
      [integerTensor('s', [-1])],
      /an array of the shape \[-1\]/,
    ],
    [
      'an axis that a caller gives',
      [node('Concat', ['x'], ['y'], { name: 'axis', type: 'other' })],
      [x],
      /^the node 'y' \(Concat\) must itself say its attribute axis, as int$/,
    ],
    [
      'scales in blocks',
      [node('DequantizeLinear', ['x', 'x'], ['y'], int('block_size', 2))],
      [x],
      /must not be quantized in blocks/,
    ],
    [
      'too few scales',
      [node('DequantizeLinear', ['x', 's'], ['y'])],
      [x, counting('s', 2)],
      /must have one scale for each row of its axis/,
    ],
    [
      'too few zero points',
      [node('DequantizeLinear', ['x', 's', 'z'], ['y'])],
      [x, counting('s', 3), counting('z', 2)],
      /must have a zero point for each scale/,
    ],
    [
      'numbers of two kinds',
      [node('Concat', ['x', 's'], ['y'])],
      [counting('x', 2), integerTensor('s', [1])],
      /cannot join float32 \[2\] and int64 \[1\]/,
    ],
    [
      'parts that are longer than the whole',
      [node('Split', ['x'], ['y', 'z'], ints('split', 4, 1))],
      [x],
      /cannot split \[2,3\]/,
    ],
    ['33 axes', [node('Reshape', ['x', 's'], ['y'])], [x, integerTensor('s', [...new Array(32).fill(1), 6])], /cannot/],
  ])('refuses in words what is made of %s', (_, nodes, initializers, message) => {
    expect(() => scope(nodes, initializers).constant('y')).toThrow(message);
    expect(() => scope(nodes, initializers).constant('y')).toThrow(FileError);
  });

  it('refuses a tensor that has fewer numbers than its shape says, before it makes room for them', () => {
    const lying = { ...x, shape: [2 ** 40] };
    expect(() => scope([], [lying]).constant('x')).toThrow(
      /must have as many numbers as its shape \[1099511627776\] says, but has 6/,
    );
  });

  it('joins parts without numbers, however many rows of nothing they have', () => {
    const none = floatTensor('none', [2 ** 50, 0], new Float32Array(0));
    expect(result(node('Concat', ['none', 'none'], ['y'], int('axis', 1)), none)).toEqual([[2 ** 50, 0], []]);
  });

  it('holds to its budget also behind sizes that have no product', () => {
    const nodes = [node('ConstantOfShape', ['none'], ['y']), node('ConstantOfShape', ['many'], ['z'])];
    const shapes = [integerTensor('none', [...new Array(30).fill(2 ** 52), 0]), integerTensor('many', [2 ** 20])];
    const values = scope(nodes, shapes);
    expect(values.constant('y').data).toHaveLength(0);
    expect(() => values.constant('z')).toThrow(/more numbers than a file of this length/);
  });

  it.each<[string, number[] | bigint[]]>([
    ['a fraction', [1, 1.5]],
    ['what is no number', [Number.NaN]],
  ])('refuses %s among integers', (_, numbers) => {
    const shape = [numbers.length];
    const tensor = { name: 't', shape, dataType: 7, raw: null, numbers, externalFile: null };
    expect(() => scope([], [tensor]).constant('t')).toThrow("the tensor 't' must hold whole numbers, being of int64");
  });

  it('refuses to split into very many parts, and to look up very many rows again and again, soon', () => {
    const names = Array.from({ length: 3000 }, (_, n) => `${n}`);
    const parts = scope([node('Split', ['x'], names), node('Concat', names, ['y'])], [counting('x', 3000)]);
    expect(() => parts.constant('y')).toThrow(/\(Split\) makes more numbers than a file of this length/);
    const looking = names.map((name) => node('Gather', ['none', 'rows'], [name]));
    const none = floatTensor('none', [1, 0], new Float32Array(0));
    const rows = integerTensor('rows', new Array(1000).fill(0));
    const rowsOfNone = scope([...looking, node('Concat', names, ['y'])], [none, rows]);
    expect(() => rowsOfNone.constant('y')).toThrow(/\(Gather\) makes more numbers than a file of this length/);
  });

  it('refuses arrays that double at every step, and long chains, soon', () => {
    const doubling = Array.from({ length: 60 }, (_, n) => node('Concat', [`${n}`, `${n}`], [`${n + 1}`]));
    expect(() => scope(doubling, [counting('0', 1)]).constant('60')).toThrow(/more numbers than a file of this length/);
    const chain = Array.from({ length: 300 }, (_, n) => node('Identity', [`${n}`], [`${n + 1}`]));
    expect(scope(chain, [counting('0', 1)]).constant('150').shape).toEqual([1]);
    expect(() => scope(chain, [counting('0', 1)]).constant('300')).toThrow(/at most 200 operations/);
  });
});

describe('Scope.isZero', () => {
  const zeros = floatTensor('zeros', [2], new Float32Array(2));

  it('sees zeros behind whatever moves them, also where their number is not known', () => {
    const nodes = [
      node('Unsqueeze', ['zeros', 'X'], ['a']),
      node('Concat', ['a', 'a'], ['b'], int('axis', 0)),
      node('Expand', ['b', 'X'], ['c']),
      node('ConstantOfShape', ['X'], ['d']),
      node('Concat', ['zeros', 'x'], ['e'], int('axis', 0)),
      node('Identity', ['X'], ['f']),
      node('Identity', ['g'], ['g']),
      node('Add', ['zeros', 'zeros'], ['h']),
    ];
    const found = scope(nodes, [zeros, x]);
    expect(['zeros', 'a', 'b', 'c', 'd'].map((name) => found.isZero(name))).toEqual(new Array(5).fill(true));
    expect(['x', 'e', 'f', 'g', 'h', 'nobody'].map((name) => found.isZero(name))).toEqual(new Array(6).fill(false));
  });

  it('looks at each value once', () => {
    const doubling = Array.from({ length: 100 }, (_, n) => node('Concat', [`${n}`, `${n}`], [`${n + 1}`]));
    expect(scope(doubling, [{ ...zeros, name: '0' }]).isZero('100')).toBe(true);
  });
});
