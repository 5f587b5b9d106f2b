import { toOnnxBias, toOnnxKernel, toTimeMajor } from '../../../benchmarks/onnx/gate-order.js';

/** Two units, three rows: tens tell the row, units the column; columns are i0 i1 f0 f1 g0 g1 o0 o1. */
const kernel = Float32Array.from([0, 10, 20].flatMap((row) => [0, 1, 2, 3, 4, 5, 6, 7].map((column) => row + column)));

describe('toOnnxKernel', () => {
  it('puts the gates in the order i, o, f, c, and each unit in a row', () => {
    const rows = [0, 1, 6, 7, 2, 3, 4, 5].map((column) => [column, 10 + column, 20 + column]);
    expect([...toOnnxKernel(kernel, 3)]).toEqual(rows.flat());
  });
});

describe('toOnnxBias', () => {
  it('orders the gates alike, and adds zeros for the second bias', () => {
    expect([...toOnnxBias(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8))]).toEqual([
      1,
      2,
      7,
      8,
      3,
      4,
      5,
      6,
      ...new Array(8).fill(0),
    ]);
  });
});

describe('toTimeMajor', () => {
  it('changes places of batch and time, and of nothing else', () => {
    // Two samples of three timesteps of two features: sample, timestep, feature.
    const x = Float32Array.of(111, 112, 121, 122, 131, 132, 211, 212, 221, 222, 231, 232);
    expect([...toTimeMajor(x, 2, 3)]).toEqual([111, 112, 211, 212, 121, 122, 221, 222, 131, 132, 231, 232]);
  });
});
