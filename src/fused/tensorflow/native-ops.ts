import * as tf from '@tensorflow/tfjs';

/** Codes of TensorFlow's C interface. */
type Binding = Record<'TF_ATTR_TYPE' | 'TF_ATTR_INT' | 'TF_ATTR_FLOAT' | 'TF_ATTR_BOOL' | 'TF_FLOAT', number>;

interface OpAttribute {
  name: string;
  type: number;
  value: unknown;
}

/** A tensor, or what else the backend holds data of. */
export type OpInput = Pick<tf.Tensor, 'dataId'>;

/** What tfjs-node's backend has beyond the others'. */
interface NativeBackend extends tf.KernelBackend {
  binding: Binding;
  executeMultipleOutputs(name: string, attributes: OpAttribute[], inputs: OpInput[], outputs: number): tf.Tensor[];
}

const flag = (name: string, value: boolean) => (binding: Binding) => ({ name, type: binding.TF_ATTR_BOOL, value });
const withoutPeepholes = flag('use_peephole', false);
/** Any that is not positive turns the clipping of the cell state off. */
const withoutClip = ({ TF_ATTR_FLOAT }: Binding) => ({ name: 'cell_clip', type: TF_ATTR_FLOAT, value: 0 });

/** Of the list that is joined; TensorFlow takes other types from the inputs, which saves it 2 µs a call. */
const floats = ({ TF_ATTR_TYPE, TF_FLOAT }: Binding) => ({ name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT });
const ofTwo = ({ TF_ATTR_INT }: Binding) => ({ name: 'N', type: TF_ATTR_INT, value: 2 });
const inTwo = ({ TF_ATTR_INT }: Binding) => ({ name: 'num_split', type: TF_ATTR_INT, value: 2 });
const inThree = ({ TF_ATTR_INT }: Binding) => ({ name: 'num_split', type: TF_ATTR_INT, value: 3 });
const inFour = ({ TF_ATTR_INT }: Binding) => ({ name: 'num_split', type: TF_ATTR_INT, value: 4 });

/** The ops that are used, with the number of their outputs, under TensorFlow's names unless another is given. */
const OPS = {
  BlockLSTMV2: { outputs: 7, attributes: [withoutPeepholes, withoutClip] },
  BlockLSTMGradV2: { outputs: 8, attributes: [withoutPeepholes] },
  LSTMBlockCellGrad: { outputs: 5, attributes: [withoutPeepholes] },
  MatMul: { outputs: 1, attributes: [] },
  MatMulTransposed: {
    op: 'MatMul',
    outputs: 1,
    attributes: [flag('transpose_b', true)],
  },
  AddV2: { outputs: 1, attributes: [] },
  Mul: { outputs: 1, attributes: [] },
  Tanh: { outputs: 1, attributes: [] },
  Sigmoid: { outputs: 1, attributes: [] },
  ClipByValue: { outputs: 1, attributes: [] },
  SelectV2: { outputs: 1, attributes: [] },
  ConcatV2: { outputs: 1, attributes: [floats, ofTwo] },
  SplitV: { outputs: 2, attributes: [inTwo] },
  SplitInThree: { op: 'Split', outputs: 3, attributes: [inThree] },
  Split: { outputs: 4, attributes: [inFour] },
} satisfies Record<string, { op?: string; outputs: number; attributes: ((binding: Binding) => OpAttribute)[] }>;

const nativeBackend = () => tf.backend() as unknown as NativeBackend;

/** Runs one of TensorFlow's own ops: no peepholes, no clipping of c, floats, two tensors to be joined, four pieces of a split. */
export function runNativeOp(name: keyof typeof OPS, inputs: readonly OpInput[]): tf.Tensor[] {
  const backend = nativeBackend();
  const { outputs, attributes, op = name }: { op?: string } & (typeof OPS)[typeof name] = OPS[name];
  const values = attributes.map((attribute) => attribute(backend.binding));
  return backend.executeMultipleOutputs(op, values, [...inputs], outputs);
}

/** Runs with a scalar of type int64, which no tensor of tfjs can be. */
export function withInt64<Result>(value: number, run: (scalar: OpInput) => Result): Result {
  const backend = nativeBackend();
  // That is how the backend takes it: https://github.com/tensorflow/tfjs/blob/tfjs-v4.22.0/tfjs-node/src/int64_tensors.ts
  const halves = new Int32Array(BigInt64Array.of(BigInt(value)).buffer);
  const dataId = backend.write(halves, [], 'int64' as tf.DataType);
  try {
    return run({ dataId });
  } finally {
    backend.disposeData(dataId, true);
  }
}
