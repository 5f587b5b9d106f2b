import { FileError } from '../file-error.js';
import type { StoredArray } from '../stored-array.js';
import { attributeOf, MOST_DIMENSIONS, type OnnxNode, type OnnxTensor, type OnnxValueInfo } from './model.js';
import { dtypeOf, rounded, sizeOf, tensorNumbers, zerosOf } from './tensor-numbers.js';

/** How many operations may stand between a value and the tensors that it is made of. */
const LONGEST_CHAIN = 200;

/** What has a name in a graph: the graph's own values, and those of the graphs around it. */
export class Scope {
  private readonly tensors = new Map<string, OnnxTensor>();
  private readonly producers = new Map<string, { node: OnnxNode; output: number }>();
  private readonly unusable = new Map<string, string>();
  private readonly declared = new Map<string, OnnxValueInfo['shape']>();
  private readonly known = new Map<string, StoredArray>();
  private readonly knownZeros = new Map<string, boolean>();

  /**
   * @param graph A graph, or a function's body.
   * @param outer What lies around it; null for a model's graph and for a function.
   * @param budget How many numbers may be made, all together, where values are computed.
   */
  constructor(
    graph: {
      nodes: readonly OnnxNode[];
      inputs: readonly string[];
      initializers: readonly OnnxTensor[];
      sparseInitializers: readonly string[];
      /** The inputs and other values whose shapes the file says. */
      declared: readonly OnnxValueInfo[];
    },
    private readonly outer: Scope | null,
    private readonly budget: { left: number },
  ) {
    for (const name of graph.inputs) this.unusable.set(name, 'is an input of the graph');
    for (const name of graph.sparseInitializers) this.unusable.set(name, 'is a sparse tensor');
    // An input with an initializer has a default, which is what the file computes with.
    for (const tensor of graph.initializers) this.tensors.set(tensor.name, tensor);
    for (const { name, shape } of graph.declared) this.declared.set(name, shape);
    for (const node of graph.nodes) {
      for (const [output, name] of node.outputs.entries()) if (name !== '') this.producers.set(name, { node, output });
    }
  }

  /**
   * The numbers of a value that no input of the model bears on.
   *
   * @throws FileError for one that is made otherwise than by moving stored numbers about.
   */
  constant(name: string): StoredArray {
    return this.evaluate(name, 0);
  }

  /** Whether all of a value's numbers are 0, though its shape may depend on the inputs. */
  isZero(name: string): boolean {
    return this.findsZeros(name, 0);
  }

  private evaluate(name: string, depth: number): StoredArray {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const value = this.evaluateAnew(name, depth);
    this.known.set(name, value);
    return value;
  }

  private evaluateAnew(name: string, depth: number): StoredArray {
    const place = `the value '${name}'`;
    // A value that is made of itself ends here as well.
    if (depth > LONGEST_CHAIN)
      throw new FileError(place, `must be at most ${LONGEST_CHAIN} operations from its numbers`);
    const tensor = this.tensors.get(name);
    if (tensor !== undefined) return tensorNumbers(tensor);
    const reason = this.unusable.get(name);
    if (reason !== undefined) throw notConstant(place, reason);
    const producer = this.producers.get(name);
    if (producer === undefined) {
      if (this.outer !== null) return this.outer.evaluate(name, depth + 1);
      throw new FileError(place, 'is used, but nothing in the file makes it');
    }
    const { node, output } = producer;
    const sizes = node.domain === '' && node.opType === 'Shape' ? this.shapeNode(node, depth) : null;
    if (sizes !== null) return sizes;
    const operation = node.domain === '' ? OPERATIONS.get(node.opType) : undefined;
    if (operation === undefined) throw notConstant(place, `is made by the operator ${operatorName(node)}`);
    // The same long list of indices may serve many nodes, and the same node make many values.
    charge(node, this.budget, node.inputs.length + node.attributes.length + node.outputs.length);
    const inputs = node.inputs.map((input) => (input === '' ? null : this.evaluate(input, depth + 1)));
    const numbers = inputs.slice(1).reduce((sum, input) => sum + (input?.data.length ?? 0), 0);
    charge(node, this.budget, numbers);
    return operation(new Application(node, inputs, this.budget), output);
  }

  /** What a Shape node makes; null if that depends on the inputs. */
  private shapeNode(node: OnnxNode, depth: number): StoredArray | null {
    charge(node, this.budget, 1);
    const integer = (name: string) => attributeOf(node, name, 'int', (rule) => errorOf(node, rule));
    const sizes = this.sizesOf(node.inputs[0] ?? '', depth + 1)?.slice(integer('start'), integer('end'));
    const known = sizes?.filter((size) => size !== null);
    if (known === undefined || known.length !== sizes?.length) return null;
    return { dtype: 'int64', shape: [known.length], data: BigInt64Array.from(known, BigInt) };
  }

  /** A value's sizes, as far as they are stored or declared: null for one that may vary. */
  private sizesOf(name: string, depth: number): (number | null)[] | null {
    const stored = this.tensors.get(name)?.shape;
    if (stored !== undefined || depth > LONGEST_CHAIN) return stored ?? null;
    const declared = this.declared.get(name);
    if (declared != null) return declared.map((size) => (typeof size === 'number' ? size : null));
    const { node } = this.producers.get(name) ?? {};
    if (node === undefined) return this.unusable.has(name) ? null : (this.outer?.sizesOf(name, depth + 1) ?? null);
    try {
      return this.evaluate(name, depth + 1).shape;
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
    }
    // The states of one layer are cut out of those of all.
    const [from, , , axes] = node.inputs;
    if (node.domain !== '' || node.opType !== 'Slice' || !from || !axes) return null;
    const sizes = this.sizesOf(from, depth + 1);
    const cut = Array.from(this.evaluate(axes, depth + 1).data as ArrayLike<number | bigint>, Number);
    return sizes?.map((size, axis) => (cut.includes(axis) || cut.includes(axis - sizes.length) ? null : size)) ?? null;
  }

  private findsZeros(name: string, depth: number): boolean {
    const known = this.knownZeros.get(name);
    if (known !== undefined) return known;
    // Until it is found, also for a value that is made of itself.
    this.knownZeros.set(name, false);
    const found = depth <= LONGEST_CHAIN && this.findsZerosAnew(name, depth);
    this.knownZeros.set(name, found);
    return found;
  }

  private findsZerosAnew(name: string, depth: number): boolean {
    const isAllZeros = ({ data }: StoredArray) => (data as Float32Array).every((value) => Number(value) === 0);
    const tensor = this.tensors.get(name);
    if (tensor !== undefined) return isAllZeros(tensorNumbers(tensor));
    if (this.unusable.has(name)) return false;
    const producer = this.producers.get(name);
    if (producer === undefined) return this.outer?.findsZeros(name, depth + 1) ?? false;
    const { opType, attributes, inputs, domain } = producer.node;
    if (domain !== '') return false;
    if (opType === 'Constant') return isAllZeros(this.evaluate(name, depth));
    if (opType === 'ConstantOfShape') {
      const value = attributes.find((attribute) => attribute.name === 'value');
      return value === undefined || (value.type === 'tensor' && isAllZeros(tensorNumbers(value.value)));
    }
    if (opType === 'Concat') return inputs.every((input) => this.findsZeros(input, depth + 1));
    return MOVES_FIRST_INPUT.includes(opType) && inputs.length > 0 && this.findsZeros(inputs[0] as string, depth + 1);
  }
}

/** The operators that keep, repeat or move the numbers of their first input. */
const MOVES_FIRST_INPUT = [
  'Identity',
  'Cast',
  'Expand',
  'Gather',
  'Reshape',
  'Slice',
  'Split',
  'Squeeze',
  'Tile',
  'Transpose',
  'Unsqueeze',
];

function notConstant(place: string, reason: string): FileError {
  const advice = 'weights must be stored, or made of stored tensors by operators that only move numbers';
  return new FileError(place, reason, { advice });
}

export function operatorName({ domain, opType }: Pick<OnnxNode, 'domain' | 'opType'>): string {
  return domain === '' ? opType : `${domain}.${opType}`;
}

/** An operator applied to constants. */
class Application {
  constructor(
    readonly node: OnnxNode,
    private readonly inputs: readonly (StoredArray | null)[],
    private readonly budget: { left: number },
  ) {}

  get count(): number {
    return this.inputs.length;
  }

  input(index: number): StoredArray {
    const input = this.inputs[index];
    if (input == null) throw this.error(`must have the input ${index}`);
    return input;
  }

  has(index: number): boolean {
    return this.inputs[index] != null;
  }

  tensor(name: string): OnnxTensor | null {
    return attributeOf(this.node, name, 'tensor', (rule) => this.error(rule)) ?? null;
  }

  integer(name: string, otherwise: number): number {
    return attributeOf(this.node, name, 'int', (rule) => this.error(rule)) ?? otherwise;
  }

  integers(name: string): number[] | null {
    return attributeOf(this.node, name, 'ints', (rule) => this.error(rule)) ?? null;
  }

  /** What older files have as an attribute, and newer ones as an input. */
  integersOf(name: string, index: number): number[] | null {
    if (!this.has(index)) return this.integers(name);
    return Array.from(this.input(index).data as ArrayLike<number | bigint>, Number);
  }

  /** The axis from the front. */
  axis(axis: number, rank: number): number {
    const fromFront = axis < 0 ? axis + rank : axis;
    if (Number.isInteger(fromFront) && fromFront >= 0 && fromFront < rank) return fromFront;
    throw this.error(`must name an axis of ${rank}, but names ${axis}`);
  }

  /** An array of another shape, or in another order, of the numbers of `from`. */
  moved(from: StoredArray, shape: number[], indexOf: (place: number[]) => number): StoredArray {
    const count = this.spend(shape);
    const data = zerosOf(from.dtype, count);
    const place = shape.map(() => 0);
    for (let at = 0; at < count; at++) {
      data[at] = from.data[indexOf(place)] as number;
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        place[axis] = (place[axis] as number) + 1;
        if ((place[axis] as number) < (shape[axis] as number)) break;
        place[axis] = 0;
      }
    }
    return { dtype: from.dtype, shape, data };
  }

  /** The same numbers in another shape. */
  reshaped(from: StoredArray, shape: number[]): StoredArray {
    if (!isShape(shape) || sizeOf(shape) !== sizeOf(from.shape)) {
      throw this.error(`cannot make [${shape}] of [${from.shape}]`);
    }
    return { ...from, shape };
  }

  /** How many numbers there will be. A few bytes of a file can ask for any number of them. */
  spend(shape: readonly number[]): number {
    if (!isShape(shape)) throw this.error(`makes an array of the shape [${shape}]`);
    const count = sizeOf(shape);
    this.charge(count);
    return count;
  }

  charge(count: number): void {
    charge(this.node, this.budget, count);
  }

  error(rule: string): FileError {
    return errorOf(this.node, rule);
  }
}

function errorOf(node: OnnxNode, rule: string): FileError {
  const { name, outputs } = node;
  return new FileError(`the node '${name || outputs[0] || ''}' (${operatorName(node)})`, rule);
}

/** Takes the work that so many numbers are from the budget. */
function charge(node: OnnxNode, budget: { left: number }, count: number): void {
  budget.left -= count;
  if (budget.left < 0) throw errorOf(node, 'makes more numbers than a file of this length should');
}

/** From the inputs and attributes to the output of that number. */
type Operation = (of: Application, output: number) => StoredArray;

/** By name. Source: https://onnx.ai/onnx/operators/ */
const OPERATIONS = new Map<string, Operation>([
  ['Cast', cast],
  ['Concat', concat],
  ['Constant', constant],
  ['ConstantOfShape', constantOfShape],
  ['DequantizeLinear', dequantizeLinear],
  ['Gather', gather],
  ['Identity', (of) => of.input(0)],
  ['Mul', multiply],
  ['Reshape', reshape],
  ['Slice', slice],
  ['Split', split],
  ['Squeeze', squeeze],
  ['Transpose', transpose],
  ['Unsqueeze', unsqueeze],
]);

function constant(of: Application): StoredArray {
  for (const attribute of of.node.attributes) {
    if (attribute.type === 'tensor') return tensorNumbers(attribute.value);
    const { name } = attribute;
    if (attribute.type === 'float') return { dtype: 'float32', shape: [], data: Float32Array.of(attribute.value) };
    if (attribute.type === 'int')
      return { dtype: 'int64', shape: [], data: BigInt64Array.of(toInt64(attribute.value)) };
    if (attribute.type === 'floats' && name === 'value_floats') {
      return { dtype: 'float32', shape: [attribute.value.length], data: Float32Array.from(attribute.value) };
    }
    if (attribute.type === 'ints' && name === 'value_ints') {
      return { dtype: 'int64', shape: [attribute.value.length], data: BigInt64Array.from(attribute.value, toInt64) };
    }
  }
  throw of.error('must have its value as numbers');
}

/** The largest one, which stands for the end of an axis, is beyond what a number holds exactly. */
function toInt64(value: number): bigint {
  return value >= 2 ** 63 ? 2n ** 63n - 1n : BigInt(value);
}

function constantOfShape(of: Application): StoredArray {
  const shape = Array.from(of.input(0).data as ArrayLike<number | bigint>, Number);
  const tensor = of.tensor('value');
  const value = tensor === null ? null : tensorNumbers(tensor);
  const data = zerosOf(value?.dtype ?? 'float32', of.spend(shape));
  if (value !== null) (data as Float32Array).fill(value.data[0] as number);
  return { dtype: value?.dtype ?? 'float32', shape, data };
}

function cast(of: Application): StoredArray {
  const from = of.input(0);
  const code = of.integer('to', 0);
  const dtype = dtypeOf(code);
  if (dtype === undefined) throw of.error(`casts to the data type ${code}, which is not of numbers`);
  const data = zerosOf(dtype, of.spend(from.shape));
  const isBig = data instanceof BigInt64Array || data instanceof BigUint64Array;
  for (const [at, value] of from.data.entries()) {
    const number = dtype === 'bool' ? Number(Number(value) !== 0) : Number(value);
    data[at] = isBig ? BigInt(Number.isFinite(number) ? Math.trunc(number) : 0) : number;
  }
  if (dtype === 'float16' || dtype === 'bfloat16') return rounded({ dtype, shape: from.shape, data });
  return { dtype, shape: from.shape, data };
}

function concat(of: Application): StoredArray {
  const parts = Array.from({ length: of.count }, (_, index) => of.input(index));
  const [first] = parts;
  if (first === undefined) throw of.error('must have an input');
  const axis = of.axis(of.integer('axis', 0), first.shape.length);
  const shape = [...first.shape];
  shape[axis] = parts.reduce((sum, part) => sum + (part.shape[axis] ?? 0), 0);
  for (const part of parts) {
    const fits =
      part.shape.length === shape.length && part.shape.every((size, at) => at === axis || size === shape[at]);
    if (!fits || part.dtype !== first.dtype) {
      throw of.error(`cannot join ${first.dtype} [${first.shape}] and ${part.dtype} [${part.shape}]`);
    }
  }
  const data = zerosOf(first.dtype, of.spend(shape));
  // Of parts without numbers there may be any number of rows.
  const filled = parts.filter((part) => part.data.length > 0);
  const outer = filled.length === 0 ? 0 : sizeOf(shape.slice(0, axis));
  const inner = sizeOf(shape.slice(axis + 1));
  let to = 0;
  for (let row = 0; row < outer; row++) {
    for (const part of filled) {
      const width = (part.shape[axis] as number) * inner;
      data.set(part.data.subarray(row * width, (row + 1) * width) as never, to);
      to += width;
    }
  }
  return { dtype: first.dtype, shape, data };
}

function gather(of: Application): StoredArray {
  const [from, indices] = [of.input(0), of.input(1)];
  const axis = of.axis(of.integer('axis', 0), from.shape.length);
  const size = from.shape[axis] as number;
  const rows = Array.from(indices.data as ArrayLike<number | bigint>, (index) => {
    const row = Number(index) < 0 ? Number(index) + size : Number(index);
    if (Number.isInteger(row) && row >= 0 && row < size) return row;
    throw of.error(`must take rows of ${size}, but takes ${index}`);
  });
  const inner = sizeOf(from.shape.slice(axis + 1));
  const taken = [sizeOf(from.shape.slice(0, axis)), rows.length, inner];
  const moved = of.moved(from, taken, ([before, row, after]) => {
    return ((before as number) * size + (rows[row as number] as number)) * inner + (after as number);
  });
  return of.reshaped(moved, [...from.shape.slice(0, axis), ...indices.shape, ...from.shape.slice(axis + 1)]);
}

/** Of sizes, in which exporters say where the weights of a gate begin and end. */
function multiply(of: Application): StoredArray {
  const [first, second] = [of.input(0), of.input(1)];
  if (first.dtype !== 'int64' || second.dtype !== 'int64' || first.data.length !== 1 || second.data.length !== 1) {
    throw of.error('must be of two whole numbers: weights must be stored as they are used');
  }
  const product = (first.data[0] as bigint) * (second.data[0] as bigint);
  const shape = first.shape.length > second.shape.length ? first.shape : second.shape;
  return { dtype: 'int64', shape, data: BigInt64Array.of(product) };
}

function reshape(of: Application): StoredArray {
  const from = of.input(0);
  const keepsZeros = of.integer('allowzero', 0) === 0;
  const wanted = of.integersOf('shape', 1);
  if (wanted === null) throw of.error('must have a shape');
  const shape = wanted.map((size, axis) => (size === 0 && keepsZeros ? (from.shape[axis] ?? 0) : size));
  const open = shape.indexOf(-1);
  if (open >= 0) shape[open] = sizeOf(from.shape) / sizeOf(shape.filter((_, axis) => axis !== open));
  return of.reshaped(from, shape);
}

function slice(of: Application): StoredArray {
  const from = of.input(0);
  const rank = from.shape.length;
  const starts = of.integersOf('starts', 1) ?? [];
  const ends = of.integersOf('ends', 2) ?? [];
  const axes = of.integersOf('axes', 3) ?? starts.map((_, axis) => axis);
  const steps = (of.has(4) ? of.integersOf('', 4) : null) ?? starts.map(() => 1);
  if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length) {
    throw of.error('must have as many ends, axes and steps as starts');
  }
  const shape = [...from.shape];
  const first = shape.map(() => 0);
  const stride = shape.map(() => 1);
  for (const [n, named] of axes.entries()) {
    const axis = of.axis(named, rank);
    const size = from.shape[axis] as number;
    const step = steps[n] as number;
    if (step === 0) throw of.error('must have steps other than 0');
    const bounded = (value: number, least: number) => {
      const fromFront = value < 0 ? value + size : value;
      return Math.min(Math.max(fromFront, least), step > 0 ? size : size - 1);
    };
    const start = bounded(starts[n] as number, 0);
    // Going back, it may end before the first, though not begin there.
    const end = bounded(ends[n] as number, step > 0 ? 0 : -1);
    first[axis] = start;
    stride[axis] = step;
    shape[axis] = Math.max(Math.ceil((end - start) / step), 0);
  }
  const strides = stridesOf(from.shape);
  return of.moved(from, shape, (place) => {
    let index = 0;
    for (let axis = 0; axis < rank; axis++) {
      index +=
        ((first[axis] as number) + (place[axis] as number) * (stride[axis] as number)) * (strides[axis] as number);
    }
    return index;
  });
}

function split(of: Application, output: number): StoredArray {
  const from = of.input(0);
  const axis = of.axis(of.integer('axis', 0), from.shape.length);
  const size = from.shape[axis] as number;
  const parts = of.node.outputs.length;
  const width = Math.ceil(size / parts);
  const equal = of.node.outputs.map((_, n) => Math.max(Math.min(width, size - n * width), 0));
  const sizes = of.integersOf('split', 1) ?? equal;
  of.charge(sizes.length);
  const start = sizes.slice(0, output).reduce((sum, part) => sum + part, 0);
  const shape = [...from.shape];
  shape[axis] = sizes[output] ?? -1;
  if (!(start >= 0 && start + (shape[axis] as number) <= size)) throw of.error(`cannot split [${from.shape}]`);
  const strides = stridesOf(from.shape);
  return of.moved(from, shape, (place) => {
    const index = place.reduce((sum, at, n) => sum + at * (strides[n] as number), 0);
    return index + start * (strides[axis] as number);
  });
}

function squeeze(of: Application): StoredArray {
  const from = of.input(0);
  const rank = from.shape.length;
  const axes = of.integersOf('axes', 1)?.map((axis) => of.axis(axis, rank));
  return of.reshaped(
    from,
    from.shape.filter((size, axis) => (axes === undefined ? size !== 1 : !axes.includes(axis))),
  );
}

function unsqueeze(of: Application): StoredArray {
  const from = of.input(0);
  const axes = of.integersOf('axes', 1) ?? [];
  const rank = from.shape.length + axes.length;
  const added = new Set(axes.map((axis) => of.axis(axis, rank)));
  const sizes = [...from.shape];
  return of.reshaped(
    from,
    Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : (sizes.shift() ?? 1))),
  );
}

function transpose(of: Application): StoredArray {
  const from = of.input(0);
  const rank = from.shape.length;
  const order = of.integers('perm') ?? from.shape.map((_, axis) => rank - 1 - axis);
  if (order.length !== rank || !from.shape.every((_, axis) => order.includes(axis))) {
    throw of.error(`must order ${rank} axes, but has [${order}]`);
  }
  const strides = stridesOf(from.shape);
  const moved = order.map((axis) => strides[axis] as number);
  const shape = order.map((axis) => from.shape[axis] as number);
  return of.moved(from, shape, (place) => place.reduce((sum, at, axis) => sum + at * (moved[axis] as number), 0));
}

function dequantizeLinear(of: Application): StoredArray {
  const [from, scale] = [of.input(0), of.input(1)];
  const zero = of.has(2) ? of.input(2) : null;
  if (of.integer('block_size', 0) !== 0) throw of.error('must not be quantized in blocks');
  const perAxis = sizeOf(scale.shape) !== 1;
  const axis = perAxis ? of.axis(of.integer('axis', 1), from.shape.length) : 0;
  if (perAxis && sizeOf(scale.shape) !== from.shape[axis])
    throw of.error('must have one scale for each row of its axis');
  if (zero !== null && sizeOf(zero.shape) !== sizeOf(scale.shape))
    throw of.error('must have a zero point for each scale');
  const data = new Float32Array(of.spend(from.shape));
  const inner = sizeOf(from.shape.slice(axis + 1));
  for (let at = 0; at < data.length; at++) {
    const row = perAxis ? Math.floor(at / inner) % (from.shape[axis] as number) : 0;
    data[at] = (Number(from.data[at]) - Number(zero?.data[row] ?? 0)) * Number(scale.data[row]);
  }
  return { dtype: 'float32', shape: from.shape, data };
}

function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

function isShape(sizes: readonly number[]): boolean {
  return sizes.length <= MOST_DIMENSIONS && sizes.every((size) => Number.isSafeInteger(size) && size >= 0);
}
