import * as tf from '@tensorflow/tfjs';

/** Codes of TensorFlow's C interface. */
type Binding = Record<
  'TF_ATTR_TYPE' | 'TF_ATTR_INT' | 'TF_ATTR_FLOAT' | 'TF_ATTR_BOOL' | 'TF_FLOAT' | 'TF_INT32',
  number
>;

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

const floats = ({ TF_ATTR_TYPE, TF_FLOAT }: Binding) => ({ name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT });
const flag = (name: string, value: boolean) => (binding: Binding) => ({ name, type: binding.TF_ATTR_BOOL, value });
const withoutPeepholes = flag('use_peephole', false);
/** Any that is not positive turns the clipping of the cell state off. */
const withoutClip = ({ TF_ATTR_FLOAT }: Binding) => ({ name: 'cell_clip', type: TF_ATTR_FLOAT, value: 0 });

const ofTwo = ({ TF_ATTR_INT }: Binding) => ({ name: 'N', type: TF_ATTR_INT, value: 2 });
const axisOfInt32 = ({ TF_ATTR_TYPE, TF_INT32 }: Binding) => ({ name: 'Tidx', type: TF_ATTR_TYPE, value: TF_INT32 });
const inFour = ({ TF_ATTR_INT }: Binding) => ({ name: 'num_split', type: TF_ATTR_INT, value: 4 });

/** The ops that are used, with the number of their outputs, under TensorFlow's names unless another is given. */
const OPS = {
  BlockLSTMV2: { outputs: 7, attributes: [floats, withoutPeepholes, withoutClip] },
  BlockLSTMGradV2: { outputs: 8, attributes: [floats, withoutPeepholes] },
  LSTMBlockCellGrad: { outputs: 5, attributes: [floats, withoutPeepholes] },
  MatMul: { outputs: 1, attributes: [floats, flag('transpose_a', false), flag('transpose_b', false)] },
  MatMulTransposed: {
    op: 'MatMul',
    outputs: 1,
    attributes: [floats, flag('transpose_a', false), flag('transpose_b', true)],
  },
  AddV2: { outputs: 1, attributes: [floats] },
  Mul: { outputs: 1, attributes: [floats] },
  Tanh: { outputs: 1, attributes: [floats] },
  Sigmoid: { outputs: 1, attributes: [floats] },
  ClipByValue: { outputs: 1, attributes: [floats] },
  SelectV2: { outputs: 1, attributes: [floats] },
  ConcatV2: { outputs: 1, attributes: [floats, ofTwo, axisOfInt32] },
  Split: { outputs: 4, attributes: [inFour, floats] },
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
