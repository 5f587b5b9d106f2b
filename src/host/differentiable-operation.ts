import * as tf from '@tensorflow/tfjs';

/** An operation with several outputs and a gradient of its own, which `tf.customGrad` does not have. */
export interface DifferentiableOperation {
  /** Computes the outputs, what the gradient wants besides them and the inputs, and what is kept beside the operation. */
  compute(): { outputs: tf.Tensor[]; saved: tf.Tensor[]; aside?: tf.Tensor[] };
  /**
   * @param outputGradients One for each output; zeros where it is not used.
   * @param inputs Copies of the inputs as they were.
   * @returns One function for each input; those that nobody asks for are not called.
   */
  gradients(outputGradients: tf.Tensor[], inputs: tf.Tensor[], saved: tf.Tensor[]): (() => tf.Tensor)[];
}

// The number is that of the contract between the two functions below: builds that differ in it must not share them.
const OP_NAME = 'ExplicitLSTMOperation2';

interface Attributes {
  operation: DifferentiableOperation;
  inputCount: number;
  /** How many outputs the operation has, and how many tensors it saved. */
  counts: { outputs: number; saved: number };
}

/**
 * Runs an operation so that tfjs's gradients pass through it. Of second derivatives it knows nothing.
 *
 * Reliance: tfjs saves, for the gradient of an op whose inputs are all to be saved, a list of inputs that the op may add
 * to while it runs. Checked at every backward pass, by the number of tensors that come back. Fallback: the operation is
 * computed once more.
 *
 * @returns Its outputs.
 */
export function runDifferentiable(inputs: readonly tf.Tensor[], operation: DifferentiableOperation): tf.Tensor[] {
  register();
  const attributes: Attributes = { operation, inputCount: inputs.length, counts: { outputs: 0, saved: 0 } };
  // A list in place of a map by name: what tfjs demands of ops whose inputs are all to be saved.
  const list = [...inputs] as unknown as tf.NamedTensorMap;
  const outputs = tf.engine().runKernel(OP_NAME, list, attributes as unknown as tf.NamedAttrMap) as tf.Tensor[];
  return outputs.slice(0, attributes.counts.outputs);
}

function register(): void {
  const backend = tf.getBackend();
  if (tf.getKernel(OP_NAME, backend) === undefined) {
    tf.registerKernel({ kernelName: OP_NAME, backendName: backend, kernelFunc: computeOperation });
  }
  if (tf.getGradient(OP_NAME) === undefined) {
    tf.registerGradient({
      kernelName: OP_NAME,
      saveAllInputs: true,
      gradFunc: gradientsOfOperation as unknown as tf.GradFunc,
    });
  }
}

const computeOperation = ((call: { inputs: unknown; attrs: unknown }): tf.Tensor[] => {
  const { operation, counts } = call.attrs as Attributes;
  const { outputs, saved, aside = [] } = operation.compute();
  counts.outputs = outputs.length;
  counts.saved = saved.length;
  // As outputs, they would each be handed a gradient of zeros, as large as themselves; as inputs they are just saved.
  // Copies, for an input that is an output as well would look like one that the gradient passes through.
  (call.inputs as tf.Tensor[]).push(...saved.map((tensor) => tf.clone(tensor)));
  // With this flag, tfjs takes for a leak whatever an op makes that is not among its outputs.
  return tf.env().getBool('IS_TEST') ? [...outputs, ...saved, ...aside] : outputs;
}) as unknown as tf.KernelFunc;

function gradientsOfOperation(
  outputGradients: tf.Tensor | tf.Tensor[],
  kept: tf.Tensor[],
  { operation, inputCount, counts }: Attributes,
): (() => tf.Tensor)[] {
  const list = Array.isArray(outputGradients) ? outputGradients : [outputGradients];
  const inputs = kept.slice(0, inputCount);
  const isComplete = kept.length === inputCount + counts.saved;
  const saved = isComplete ? kept.slice(inputCount) : operation.compute().saved;
  return operation.gradients(list.slice(0, counts.outputs), inputs, saved);
}
