import type { Shape } from '../shapes.js';
import type { Values } from '../weights.js';
import { type Field, type Table, writeFlatbuffer } from './flatbuffer.js';

// Numbers of the schema.
const VERSION = 3;
const UNIDIRECTIONAL_SEQUENCE_LSTM = 44;
const OPTIONS_OF_IT = 71;
const TANH = 4;
const ABSENT = -1;

/**
 * A TensorFlow Lite model of one fused LSTM: x [B, T, D] -> the hidden states of all timesteps [B, T, U], the weights in it. Its
 * states are variables, which start at 0 and go on from run to run.
 *
 * Source: https://github.com/tensorflow/tensorflow/blob/v2.14.0/tensorflow/lite/schema/schema.fbs and
 * https://github.com/tensorflow/tensorflow/blob/v2.14.0/tensorflow/lite/kernels/unidirectional_sequence_lstm.cc
 */
export function liteRtLSTM({ batch, timesteps, features, units }: Shape, values: Values): Uint8Array {
  // The first buffer is the empty one, by convention.
  const buffers: Table[] = [{ slots: {} }];
  const tensors: Table[] = [];
  const add = (name: string, shape: number[], data: Float32Array | null, isVariable = false) => {
    if (data !== null) buffers.push({ slots: { 0: { bytes: new Uint8Array(data.buffer) } } });
    const buffer = data === null ? 0 : buffers.length - 1;
    const variable: Record<number, Field> = isVariable ? { 5: { byte: 1 } } : {};
    tensors.push({ slots: { 0: { ints: shape }, 2: { int: buffer }, 3: { text: name }, ...variable } });
    return tensors.length - 1;
  };
  const ofGates = (name: string, rows: number, from: Float32Array, shape: number[]) =>
    [0, 1, 2, 3].map((block) => add(`${name} ${'ifgo'[block]}`, shape, blockOf(from, rows, block)));
  const inputs = [
    add('x', [batch, timesteps, features], null),
    ...ofGates('kernel', features, values.kernel, [units, features]),
    ...ofGates('recurrent kernel', units, values.recurrentKernel, [units, units]),
    // No peepholes.
    ...[ABSENT, ABSENT, ABSENT],
    ...ofGates('bias', 1, values.bias, [units]),
    // No projection.
    ...[ABSENT, ABSENT],
    add('h', [batch, units], null, true),
    add('c', [batch, units], null, true),
    // No layer normalisation.
    ...[ABSENT, ABSENT, ABSENT, ABSENT],
  ];
  const output = add('outputs', [batch, timesteps, units], null);
  const operator: Table = {
    slots: {
      1: { ints: inputs },
      2: { ints: [output] },
      3: { byte: OPTIONS_OF_IT },
      4: { table: { slots: { 0: { byte: TANH } } } },
    },
  };
  const graph: Table = {
    slots: {
      0: { tables: tensors },
      1: { ints: [0] },
      2: { ints: [output] },
      3: { tables: [operator] },
      4: { text: 'main' },
    },
  };
  const code = UNIDIRECTIONAL_SEQUENCE_LSTM;
  const operatorCode: Table = { slots: { 0: { byte: code }, 2: { int: 1 }, 3: { int: code } } };
  return writeFlatbuffer(
    {
      slots: {
        0: { int: VERSION },
        1: { tables: [operatorCode] },
        2: { tables: [graph] },
        3: { text: 'lstm' },
        4: { tables: buffers },
      },
    },
    'TFL3',
  );
}

/** Of [rows, 4U], the columns of one gate as [U, rows]. */
function blockOf(weights: Float32Array, rows: number, block: number): Float32Array {
  const units = weights.length / rows / 4;
  const transposed = new Float32Array(rows * units);
  for (let unit = 0; unit < units; unit++) {
    for (let row = 0; row < rows; row++) {
      transposed[unit * rows + row] = weights[row * 4 * units + block * units + unit] as number;
    }
  }
  return transposed;
}
