import protobuf from 'protobufjs';
import type { Shape } from '../shapes.js';
import type { Values } from '../weights.js';
import { toOnnxBias, toOnnxKernel } from './gate-order.js';

const OPERATOR_SET = 14;
/** The format of the file that came with it. */
const IR_VERSION = 7;

/**
 * A model of one LSTM node, the weights in it: X [T, B, D] -> Y_h [1, B, U], the last hidden state. It has no other
 * output, so that a runtime need not compute any.
 *
 * @param schema The text of `onnx.proto`.
 * Source: https://onnx.ai/onnx/operators/onnx__LSTM.html
 */
export function onnxLSTM(schema: string, { batch, timesteps, features, units }: Shape, values: Values): Uint8Array {
  const Model = protobuf.parse(schema).root.lookupType('onnx.ModelProto');
  const node = {
    opType: 'LSTM',
    name: 'lstm',
    input: ['X', 'W', 'R', 'B'],
    // Y, all hidden states, is left out.
    output: ['', 'Y_h'],
    attribute: [{ name: 'hidden_size', i: units, type: 'INT' }],
  };
  const graph = {
    name: 'lstm',
    node: [node],
    initializer: [
      floats('W', [1, 4 * units, features], toOnnxKernel(values.kernel, features)),
      floats('R', [1, 4 * units, units], toOnnxKernel(values.recurrentKernel, units)),
      floats('B', [1, 8 * units], toOnnxBias(values.bias)),
    ],
    input: [tensorOf('X', [timesteps, batch, features])],
    output: [tensorOf('Y_h', [1, batch, units])],
  };
  const model = { irVersion: IR_VERSION, opsetImport: [{ domain: '', version: OPERATOR_SET }], graph };
  return Model.encode(Model.fromObject(model)).finish();
}

function floats(name: string, dims: number[], values: Float32Array): object {
  const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { name, dims, dataType: 'FLOAT', rawData };
}

function tensorOf(name: string, dims: number[]): object {
  const shape = { dim: dims.map((dimValue) => ({ dimValue })) };
  return { name, type: { tensorType: { elemType: 'FLOAT', shape } } };
}
