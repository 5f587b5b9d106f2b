import { ProtobufWriter } from '../../formats/protobuf-writer.js';

/** TensorFlow's codes of what tensors hold. */
const TYPES = { float: 1, int32: 3, bool: 10 } as const;
type ElementType = keyof typeof TYPES;

/** The producer of graphs that TensorFlow 2 has written since tfjs-node has been there: it decides which old ways are forbidden. */
const PRODUCER = 808;
export const TAG = 'serve';

/** A loop, with what of the graph around it was brought into it. */
interface Frame {
  name: string;
  entered: Map<GraphTensor, GraphTensor>;
}

/** What a node of a graph computes. */
export interface GraphTensor {
  readonly name: string;
  readonly type: ElementType;
  /** The loop in which it is computed anew in every turn; null outside. */
  readonly frame: Frame | null;
}

/** What a node is told besides its inputs. */
type Attributes = Record<string, ProtobufWriter>;

export const ofType = (type: ElementType) => new ProtobufWriter().integer(6, TYPES[type]);
export const ofInteger = (value: number) => new ProtobufWriter().integer(3, value);
const ofFlag = (value: boolean) => new ProtobufWriter().integer(5, Number(value));
const ofText = (value: string) => new ProtobufWriter().text(2, value);

/** What changes from turn to turn of a loop. */
interface Merged {
  /** What a turn hands on. */
  back: GraphTensor;
  merged: GraphTensor;
}

interface Variable {
  back: GraphTensor;
  /** In a turn, and after the last one. */
  value: GraphTensor;
  end: GraphTensor;
}

/** What a turn of a loop hands on to the next, and what is kept of every turn. */
interface Turn {
  states: GraphTensor[];
  kept: Readonly<Record<string, GraphTensor>>;
}

/**
 * A graph of TensorFlow's ops, which runs as a whole: an op within it takes less than a microsecond to start, and five to twenty
 * where JavaScript starts it.
 *
 * Sources: the messages GraphDef, NodeDef, AttrValue and SavedModel in
 * https://github.com/tensorflow/tensorflow/tree/v2.9.1/tensorflow/core, and the loops of
 * https://github.com/tensorflow/tensorflow/blob/v2.9.1/tensorflow/core/ops/control_flow_ops.cc
 */
export class Graph {
  private readonly nodes = new ProtobufWriter();
  private frame: Frame | null = null;
  private names = 0;
  private prefix = '';
  private readonly constants = new Map<string, GraphTensor>();
  /** Of steps that are read: where they begin and end, and by which stride. */
  private readonly bounds = new Map<GraphTensor, GraphTensor[]>();

  /** Gives the inputs and outputs that are written meanwhile names like `part/x`. */
  part(name: string, write: () => void): void {
    this.prefix = `${name}/`;
    write();
    this.prefix = '';
  }

  /** What is given when the graph runs. */
  input(name: string, type: ElementType = 'float'): GraphTensor {
    return this.node(this.prefix + name, 'Placeholder', [], [type], { dtype: ofType(type) })[0] as GraphTensor;
  }

  /** A scalar or a vector, for inside and outside of loops. */
  constant(value: number | readonly number[], type: 'int32' | 'float' = 'float'): GraphTensor {
    const key = `${type} ${JSON.stringify(value)}`;
    const known =
      this.constants.get(key) ?? this.outside(() => this.newConstant([value].flat(), typeof value !== 'number', type));
    this.constants.set(key, known);
    return known;
  }

  /** An op that computes floats of floats. */
  run(op: string, ...inputs: GraphTensor[]): GraphTensor {
    return this.runOp(op, inputs, ['float'], { T: ofType('float') })[0] as GraphTensor;
  }

  /** Any op. */
  runOp(
    op: string,
    inputs: readonly GraphTensor[],
    outputs: readonly ElementType[],
    attributes: Attributes,
  ): GraphTensor[] {
    return this.node(this.newName(), op, inputs, outputs, attributes);
  }

  /** Gives a tensor a name to ask for it by. */
  output(name: string, tensor: GraphTensor): void {
    this.node(this.prefix + name, 'Identity', [tensor], [tensor.type], { T: ofType(tensor.type) });
  }

  /** One of the steps of a sequence, [T, ...], without a copy where it begins at a multiple of 64 bytes. */
  step(sequence: GraphTensor, n: GraphTensor): GraphTensor {
    const bounds = this.bounds.get(n) ?? [this.vector(n), this.vector(this.plus(n, 1)), this.constant([1], 'int32')];
    this.bounds.set(n, bounds);
    const attributes = { T: ofType(sequence.type), Index: ofType('int32'), shrink_axis_mask: ofInteger(1) };
    return this.runOp('StridedSlice', [sequence, ...bounds], [sequence.type], attributes)[0] as GraphTensor;
  }

  /** The step before, or what was there before the first. */
  stepBefore(sequence: GraphTensor, n: GraphTensor, first: GraphTensor): GraphTensor {
    const isLater = this.runOp('Greater', [n, this.constant(0, 'int32')], ['bool'], { T: ofType('int32') });
    const inputs = [this.plus(n, -1), this.constant(0, 'int32')];
    const [before] = this.runOp('Maximum', inputs, ['int32'], { T: ofType('int32') }) as [GraphTensor];
    return this.select(isLater[0] as GraphTensor, this.step(sequence, before), first);
  }

  /** Tensors in one, along an axis. */
  join(axis: number, ...tensors: GraphTensor[]): GraphTensor {
    const attributes = { T: ofType('float'), N: ofInteger(tensors.length) };
    return this.runOp('ConcatV2', [...tensors, this.constant(axis, 'int32')], ['float'], attributes)[0] as GraphTensor;
  }

  /** As many equal parts of a tensor, along an axis. */
  split(axis: number, parts: number, tensor: GraphTensor): GraphTensor[] {
    const attributes = { T: ofType('float'), num_split: ofInteger(parts) };
    const outputs = new Array<ElementType>(parts).fill('float');
    return this.runOp('Split', [this.constant(axis, 'int32'), tensor], outputs, attributes);
  }

  select(condition: GraphTensor, where: GraphTensor, elsewhere: GraphTensor): GraphTensor {
    const inputs = [condition, where, elsewhere];
    return this.runOp('SelectV2', inputs, ['float'], { T: ofType('float') })[0] as GraphTensor;
  }

  shapeOf(tensor: GraphTensor): GraphTensor {
    return this.runOp('Shape', [tensor], ['int32'], { T: ofType('float') })[0] as GraphTensor;
  }

  plus(value: GraphTensor, integer: number): GraphTensor {
    const inputs = [value, this.constant(integer, 'int32')];
    return this.runOp('AddV2', inputs, ['int32'], { T: ofType('int32') })[0] as GraphTensor;
  }

  /**
   * A loop over the steps of a sequence.
   *
   * @param count How many there are.
   * @param isBackwards Whether the last one is first.
   * @param initial The states before the first turn.
   * @param shapes Of what is kept of every turn.
   * @param turn What is computed in a turn, for the step n.
   * @returns The states after the last turn, and what was kept, in the order of the steps.
   */
  loop(
    count: GraphTensor,
    isBackwards: boolean,
    initial: readonly GraphTensor[],
    shapes: Readonly<Record<string, GraphTensor>>,
    turn: (n: GraphTensor, states: GraphTensor[]) => Turn,
  ): Turn {
    const buffers = Object.entries(shapes).map(([name, shape]) => [name, this.empty(count, shape)] as const);
    const around = this.frame;
    this.frame = { name: this.newName(), entered: new Map() };
    const counter = this.merge(this.constant(0, 'int32'));
    const isLeft = this.runOp('Less', [counter.merged, count], ['bool'], { T: ofType('int32') });
    const [goesOn] = this.runOp('LoopCond', isLeft, ['bool'], {}) as [GraphTensor];
    const variable = (start: GraphTensor) => this.alternate(this.merge(start), goesOn);
    const index = this.alternate(counter, goesOn);
    const n = isBackwards ? this.minus(this.plus(count, -1), index.value) : index.value;
    const variables = initial.map(variable);
    const { states, kept } = turn(
      n,
      variables.map(({ value }) => value),
    );
    this.handOn(index, this.plus(index.value, 1));
    const ends = variables.map((one, place) => this.handOn(one, states[place] as GraphTensor));
    const place = this.vector(n);
    const filled = buffers.map(([name, buffer]) => {
      const steps = variable(buffer);
      // In place, whoever else might hold the buffer: nobody does.
      const inputs = [steps.value, place, this.asOneStep(kept[name] as GraphTensor)];
      return [name, this.handOn(steps, this.run('InplaceUpdate', ...inputs))] as const;
    });
    this.frame = around;
    return { states: ends, kept: Object.fromEntries(filled) };
  }

  /** TensorFlow's own form of a graph, as a model with nothing else in it. */
  finish(): Uint8Array {
    const versions = new ProtobufWriter().integer(1, PRODUCER);
    const information = new ProtobufWriter().text(4, TAG);
    const model = new ProtobufWriter().message(1, information).message(2, this.nodes.message(4, versions));
    return new ProtobufWriter().integer(1, 1).message(2, model).finish();
  }

  /** Where a turn of the loop takes what came into it, or the turn before handed on. */
  private merge(start: GraphTensor): Merged {
    const frame = this.frame as Frame;
    const back: GraphTensor = { name: this.newName(), type: start.type, frame };
    const attributes = { T: ofType(start.type), N: ofInteger(2) };
    const inputs = [this.enter(start, frame, false), back];
    return { back, merged: this.runOp('Merge', inputs, [start.type], attributes)[0] as GraphTensor };
  }

  /** It goes into the turn while the loop goes on, and out of the loop then. */
  private alternate({ back, merged }: Merged, goesOn: GraphTensor): Variable {
    const { type } = merged;
    const [end, value] = this.runOp('Switch', [merged, goesOn], [type, type], { T: ofType(type) });
    return { back, value: value as GraphTensor, end: end as GraphTensor };
  }

  /** @returns The value after the last turn, outside of the loop. */
  private handOn({ back, end }: Variable, next: GraphTensor): GraphTensor {
    const { type } = back;
    this.node(back.name, 'NextIteration', [next], [type], { T: ofType(type) });
    const [left] = this.runOp('Exit', [end], [type], { T: ofType(type) }) as [GraphTensor];
    return { ...left, frame: null };
  }

  private newConstant(values: readonly number[], isVector: boolean, type: 'int32' | 'float'): GraphTensor {
    const shape = new ProtobufWriter();
    if (isVector) shape.message(2, new ProtobufWriter().integer(1, values.length));
    const data = type === 'float' ? Float32Array.from(values) : Int32Array.from(values);
    const tensor = new ProtobufWriter().integer(1, TYPES[type]).message(2, shape);
    tensor.rawBytes(4, new Uint8Array(data.buffer));
    const attributes = { dtype: ofType(type), value: new ProtobufWriter().message(8, tensor) };
    return this.node(this.newName(), 'Const', [], [type], attributes)[0] as GraphTensor;
  }

  /** Memory for tensors of a shape, one for each step. */
  private empty(count: GraphTensor, shape: GraphTensor): GraphTensor {
    const attributes = { T: ofType('int32'), N: ofInteger(2) };
    const inputs = [this.vector(count), shape, this.constant(0, 'int32')];
    const whole = this.runOp('ConcatV2', inputs, ['int32'], attributes);
    return this.runOp('Empty', whole, ['float'], { dtype: ofType('float') })[0] as GraphTensor;
  }

  private asOneStep(value: GraphTensor): GraphTensor {
    const inputs = [value, this.constant(0, 'int32')];
    return this.runOp('ExpandDims', inputs, ['float'], { T: ofType('float') })[0] as GraphTensor;
  }

  private enter(tensor: GraphTensor, frame: Frame, isConstant: boolean): GraphTensor {
    const attributes = {
      T: ofType(tensor.type),
      frame_name: ofText(frame.name),
      is_constant: ofFlag(isConstant),
      parallel_iterations: ofInteger(1),
    };
    const name = this.newName();
    this.write(name, 'Enter', [tensor], attributes);
    return { name, type: tensor.type, frame };
  }

  /** A tensor as it is to be read where the graph is being written. */
  private here(tensor: GraphTensor): GraphTensor {
    const { frame } = this;
    if (frame === null || tensor.frame === frame) return tensor;
    const entered = frame.entered.get(tensor) ?? this.enter(tensor, frame, true);
    frame.entered.set(tensor, entered);
    return entered;
  }

  private outside<Result>(write: () => Result): Result {
    const { frame } = this;
    this.frame = null;
    const result = write();
    this.frame = frame;
    return result;
  }

  private node(
    name: string,
    op: string,
    inputs: readonly GraphTensor[],
    outputs: readonly ElementType[],
    attributes: Attributes,
  ): GraphTensor[] {
    this.write(
      name,
      op,
      inputs.map((input) => this.here(input)),
      attributes,
    );
    const { frame } = this;
    return outputs.map((type, n) => ({ name: n === 0 ? name : `${name}:${n}`, type, frame }));
  }

  private write(name: string, op: string, inputs: readonly GraphTensor[], attributes: Attributes): void {
    const node = new ProtobufWriter().text(1, name).text(2, op);
    for (const input of inputs) node.text(3, input.name);
    for (const [key, value] of Object.entries(attributes)) {
      node.message(5, new ProtobufWriter().text(1, key).message(2, value));
    }
    this.nodes.message(1, node);
  }

  private vector(value: GraphTensor): GraphTensor {
    const attributes = { T: ofType('int32'), N: ofInteger(1) };
    return this.runOp('Pack', [value], ['int32'], attributes)[0] as GraphTensor;
  }

  private minus(a: GraphTensor, b: GraphTensor): GraphTensor {
    return this.runOp('Sub', [a, b], ['int32'], { T: ofType('int32') })[0] as GraphTensor;
  }

  private newName(): string {
    this.names += 1;
    return `n${this.names}`;
  }
}
