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
  loadSavedModelMetaGraph(folder: string, tags: string): number;
  runSavedModel(session: number, inputs: OpInput[], places: { name: string }[], outputs: string[]): tf.Tensor[];
}

const flag = (name: string, value: boolean) => (binding: Binding) => ({ name, type: binding.TF_ATTR_BOOL, value });
const withoutPeepholes = flag('use_peephole', false);
/** Any that is not positive turns the clipping of the cell state off. */
const withoutClip = ({ TF_ATTR_FLOAT }: Binding) => ({ name: 'cell_clip', type: TF_ATTR_FLOAT, value: 0 });

/** The ops that are used one by one, with the number of their outputs. */
const OPS = {
  BlockLSTMV2: { outputs: 7, attributes: [withoutPeepholes, withoutClip] },
  BlockLSTMGradV2: { outputs: 8, attributes: [withoutPeepholes] },
} satisfies Record<string, { outputs: number; attributes: ((binding: Binding) => OpAttribute)[] }>;

export const nativeBackend = () => tf.backend() as unknown as NativeBackend;

/** Runs one of TensorFlow's own ops: no peepholes, no clipping of c. */
export function runNativeOp(name: keyof typeof OPS, inputs: readonly OpInput[]): tf.Tensor[] {
  const backend = nativeBackend();
  const { outputs, attributes } = OPS[name];
  const values = attributes.map((attribute) => attribute(backend.binding));
  return backend.executeMultipleOutputs(name, values, [...inputs], outputs);
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
