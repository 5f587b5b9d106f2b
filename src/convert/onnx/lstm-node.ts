import { FileError } from '../../formats/file-error.js';
import type { Scope } from '../../formats/onnx/constants.js';
import { attributeOf, type OnnxNode } from '../../formats/onnx/model.js';
import type { StoredArray } from '../../formats/stored-array.js';
import {
  activationName,
  type Direction,
  ONNX_BLOCKS,
  ONNX_PEEPHOLES,
  type OnnxActivations,
  takeActivation,
} from './lstm-operator.js';

/** What an LSTM node of an ONNX file computes. */
export interface OnnxLSTMOptions {
  /** U; null where neither the node nor stored weights say it. */
  units: number | null;
  /** D; null where the weights are not stored in the file. */
  features: number | null;
  direction: Direction;
  useBias: boolean;
  peepholes: boolean;
  /** `input_forget`: f = 1 - i. */
  coupled: boolean;
  /** `clip`: the bound of what goes into the activations; null for none. */
  gateClip: number | null;
  /** Of each direction. */
  activations: OnnxActivations[];
  /** Whether the node's own input and output are [T, B, …]; the layer's are [B, T, …] in any case. */
  timeMajor: boolean;
  /** Whether the node is told where each sample ends. Give the layer a mask then, [B, T], and it outputs 0 from there on. */
  sequenceLens: boolean;
  /**
   * What the node starts from: zeros; states that the file computes or takes as inputs; or stored ones, [directions, B, U].
   * The layer starts from zeros, unless it is called with an `initialState`.
   */
  initialState: 'zeros' | 'given' | { h: StoredArray; c: StoredArray };
}

/** A node's weights, and the sizes that they have. */
export interface NodeWeights {
  units: number;
  features: number;
  directions: DirectionWeights[];
}

/** A direction's weights, in ONNX's order of blocks: W [4U, D], R [4U, U], both biases [8U] and P [3U]. */
export interface DirectionWeights {
  W: Float32Array;
  R: Float32Array;
  B: Float32Array | null;
  P: Float32Array | null;
}

/** Where the node's inputs are. */
const INPUTS = ['X', 'W', 'R', 'B', 'sequence_lens', 'initial_h', 'initial_c', 'P'];

/** An LSTM node whose attributes make sense. */
export class LSTMNode {
  readonly options: OnnxLSTMOptions;

  /**
   * @param place What errors call it.
   * @throws FileError for attributes that the operator does not have so.
   */
  constructor(
    private readonly node: OnnxNode,
    private readonly scope: Scope,
    private readonly place: string,
  ) {
    const direction = this.string('direction', 'forward');
    if (direction !== 'forward' && direction !== 'reverse' && direction !== 'bidirectional') {
      throw this.error(`must have the direction forward, reverse or bidirectional, not '${direction}'`);
    }
    const directions = direction === 'bidirectional' ? 2 : 1;
    const gateClip = attributeOf(this.node, 'clip', 'float', (rule) => this.error(rule)) ?? null;
    if (gateClip !== null && !(gateClip > 0)) throw this.error(`must have a positive clip, not ${gateClip}`);
    const layout = this.integer('layout', 0);
    if (layout !== 0 && layout !== 1) throw this.error(`must have the layout 0 or 1, not ${layout}`);
    const kernelShape = this.shapeOf('W');
    this.options = {
      units: this.unitsFrom(kernelShape),
      features: kernelShape?.[2] ?? null,
      direction,
      useBias: this.has('B'),
      peepholes: this.has('P'),
      coupled: this.integer('input_forget', 0) !== 0,
      gateClip,
      activations: this.activations(directions),
      timeMajor: layout === 0,
      sequenceLens: this.has('sequence_lens'),
      initialState: 'zeros',
    };
    this.options.initialState = this.initialState(directions, layout);
  }

  /**
   * The weights of each direction.
   *
   * @throws FileError for weights that are not stored, or whose shapes do not fit together.
   */
  weights(): NodeWeights {
    const [directions, rows, features] = this.floats('W').shape as [number, number, number];
    const units = this.integer('hidden_size', rows / ONNX_BLOCKS.length);
    if (!Number.isSafeInteger(units) || units < 1 || !(features >= 1)) {
      throw this.error(`must have weights W of the shape [directions, 4U, D], not [${this.floats('W').shape}]`);
    }
    const count = this.options.direction === 'bidirectional' ? 2 : 1;
    if (directions !== count) throw this.error(`must have weights W of ${count} directions, not ${directions}`);
    const columns = ONNX_BLOCKS.length * units;
    const W = this.split('W', [count, columns, features]);
    const R = this.split('R', [count, columns, units]);
    const B = this.has('B') ? this.split('B', [count, 2 * columns]) : null;
    const P = this.has('P') ? this.split('P', [count, ONNX_PEEPHOLES.length * units]) : null;
    const ofEach = W.map((ofDirection, n) => ({
      W: ofDirection,
      R: R[n] as Float32Array,
      B: B?.[n] ?? null,
      P: P?.[n] ?? null,
    }));
    return { units, features, directions: ofEach };
  }

  error(rule: string, advice?: string): FileError {
    return new FileError(this.place, rule, advice === undefined ? {} : { advice });
  }

  private unitsFrom(kernelShape: readonly number[] | null): number | null {
    const units = this.integer('hidden_size', (kernelShape?.[1] ?? Number.NaN) / ONNX_BLOCKS.length);
    return Number.isSafeInteger(units) && units > 0 ? units : null;
  }

  /** Null where it is not stored. */
  private shapeOf(input: string): readonly number[] | null {
    try {
      return this.floats(input).shape;
    } catch (error) {
      // Weights that are missing are an error of who asks for them.
      if (error instanceof FileError) return null;
      throw error;
    }
  }

  private initialState(directions: number, layout: number): OnnxLSTMOptions['initialState'] {
    const [h, c] = [this.stateOf('initial_h'), this.stateOf('initial_c')];
    if (h === 'given' || c === 'given') return 'given';
    if (h === 'zeros' && c === 'zeros') return 'zeros';
    const { units } = this.options;
    const stored = (state: StoredArray | 'zeros', other: StoredArray | 'zeros') => {
      const { shape } = (state === 'zeros' ? other : state) as StoredArray;
      const [first = 0, second = 0] = shape;
      const batch = layout === 0 ? second : first;
      if (shape.length !== 3 || (layout === 0 ? first : second) !== directions || shape[2] !== units) {
        throw this.error(`must have initial states of ${directions} directions and ${units} units, not [${shape}]`);
      }
      const data = new Float32Array(directions * batch * (units as number));
      if (state !== 'zeros') copyStates(state.data as Float32Array, data, directions, batch, layout);
      return { dtype: 'float32' as const, shape: [directions, batch, units as number], data };
    };
    return { h: stored(h, c), c: stored(c, h) };
  }

  private stateOf(input: string): StoredArray | 'zeros' | 'given' {
    if (!this.has(input)) return 'zeros';
    try {
      return this.scope.isZero(this.input(input)) ? 'zeros' : this.floats(input);
    } catch (error) {
      if (error instanceof FileError) return 'given';
      throw error;
    }
  }

  private activations(directions: number): OnnxActivations[] {
    const given = attributeOf(this.node, 'activations', 'strings', (rule) => this.error(rule)) ?? [];
    const usual = Array.from({ length: directions }, () => ['Sigmoid', 'Tanh', 'Tanh']).flat();
    const names = given.length > 0 ? given : usual;
    if (names.length !== usual.length) {
      throw this.error(`must have ${usual.length} activations, f, g and h of each direction, not ${names.length}`);
    }
    const alphas = this.floatList('activation_alpha');
    const betas = this.floatList('activation_beta');
    const all = names.map((spelt) => {
      const name = activationName(spelt);
      if (name === undefined) throw this.error(`must have activations that ONNX knows, not '${spelt}'`);
      return takeActivation(name, alphas, betas);
    });
    return Array.from({ length: directions }, (_, n) => {
      const [f, g, h] = all.slice(3 * n, 3 * n + 3) as [
        OnnxActivations['f'],
        OnnxActivations['g'],
        OnnxActivations['h'],
      ];
      return { f, g, h };
    });
  }

  private split(input: string, shape: number[]): Float32Array[] {
    const { shape: received, data } = this.floats(input);
    if (received.length !== shape.length || !shape.every((size, axis) => size === received[axis])) {
      throw this.error(`must have ${input} of the shape [${shape}], not [${received}]`);
    }
    const directions = shape[0] as number;
    const width = data.length / directions;
    return Array.from({ length: directions }, (_, n) =>
      Float32Array.from(data.subarray(n * width, (n + 1) * width) as Float32Array),
    );
  }

  private floats(input: string): StoredArray {
    if (!this.has(input)) throw this.error(`must have the input ${input}`);
    const constant = this.scope.constant(this.input(input));
    if (/float/.test(constant.dtype)) return constant;
    throw this.error(`must have floating-point numbers in ${input}, not ${constant.dtype}`);
  }

  private has(input: string): boolean {
    return this.input(input) !== '';
  }

  /** The name of the value. */
  private input(input: string): string {
    return this.node.inputs[INPUTS.indexOf(input)] ?? '';
  }

  private integer(name: string, otherwise: number): number {
    return attributeOf(this.node, name, 'int', (rule) => this.error(rule)) ?? otherwise;
  }

  private string(name: string, otherwise: string): string {
    return attributeOf(this.node, name, 'string', (rule) => this.error(rule)) ?? otherwise;
  }

  /** A copy, of which activations take what they have. */
  private floatList(name: string): number[] {
    return [...(attributeOf(this.node, name, 'floats', (rule) => this.error(rule)) ?? [])];
  }
}

/** Into [directions, B, U], from there or from [B, directions, U]. */
function copyStates(from: Float32Array, to: Float32Array, directions: number, batch: number, layout: number): void {
  const units = to.length / (directions * batch);
  for (let direction = 0; direction < directions; direction++) {
    for (let sample = 0; sample < batch; sample++) {
      const row = layout === 0 ? direction * batch + sample : sample * directions + direction;
      to.set(from.subarray(row * units, (row + 1) * units), (direction * batch + sample) * units);
    }
  }
}
