import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import { onnxLSTM } from '../../../benchmarks/onnx/lstm-model.js';

const shape = { batch: 2, timesteps: 3, features: 2, units: 1 };
const values = {
  x: new Float32Array(12),
  kernel: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  recurrentKernel: Float32Array.of(9, 10, 11, 12),
  bias: Float32Array.of(13, 14, 15, 16),
};

interface TensorProto {
  name: string;
  dims: number[];
  dataType: string;
  rawData: Uint8Array;
}

function decoded() {
  const Model = protobuf.loadSync('benchmarks/onnx/onnx.proto').lookupType('onnx.ModelProto');
  return Model.toObject(Model.decode(onnxLSTM(readFileSync('benchmarks/onnx/onnx.proto', 'utf8'), shape, values)), {
    longs: Number,
    enums: String,
  });
}

describe('onnxLSTM', () => {
  it('holds the weights under the names, shapes and order that ONNX wants', () => {
    const tensors = decoded().graph.initializer.map((tensor: TensorProto) => {
      const { name, dims, dataType, rawData } = tensor;
      return { name, dims, dataType, values: [...new Float32Array(Uint8Array.from(rawData).buffer)] };
    });
    expect(tensors).toEqual([
      { name: 'W', dims: [1, 4, 2], dataType: 'FLOAT', values: [1, 5, 4, 8, 2, 6, 3, 7] },
      { name: 'R', dims: [1, 4, 1], dataType: 'FLOAT', values: [9, 12, 10, 11] },
      { name: 'B', dims: [1, 8], dataType: 'FLOAT', values: [13, 16, 14, 15, 0, 0, 0, 0] },
    ]);
  });

  it('is one LSTM node from [T, B, D] to the last hidden state', () => {
    const { node, input, output } = decoded().graph;
    expect(node).toEqual([
      {
        opType: 'LSTM',
        name: 'lstm',
        input: ['X', 'W', 'R', 'B'],
        output: ['', 'Y_h'],
        attribute: [{ name: 'hidden_size', i: 1, type: 'INT' }],
      },
    ]);
    const tensor = (name: string, ...sizes: number[]) => ({
      name,
      type: { tensorType: { elemType: 'FLOAT', shape: { dim: sizes.map((dimValue) => ({ dimValue })) } } },
    });
    expect([input, output]).toEqual([[tensor('X', 3, 2, 2)], [tensor('Y_h', 1, 2, 1)]]);
  });
});
