import * as tf from '@tensorflow/tfjs';

/** An operation with several outputs and a gradient of its own, which `tf.customGrad` does not have. */
export interface DifferentiableOperation {
  /** Computes the outputs, and what the gradient wants besides them and the inputs. */
  compute(): { outputs: tf.Tensor[]; saved: tf.Tensor[] };
  /**
   * @param outputGradients One for each output; zeros where it is not used.
   * @param inputs Copies of the inputs as they were.
   * @returns One function for each input; those that nobody asks for are not called.
   */
  gradients(outputGradients: tf.Tensor[], inputs: tf.Tensor[], saved: tf.Tensor[]): (() => tf.Tensor)[];
}

// The number is that of the contract between the two functions below: builds that differ in it must not share them.
const KERNEL_NAME = 'ExplicitLSTMOperation1';

interface Attributes {
  operation: DifferentiableOperation;
  inputCount: number;
}

/**
 * Runs an operation so that tfjs's gradients pass through it. Of second derivatives it knows nothing.
 *
 * @returns Its outputs.
 */
export function runDifferentiable(inputs: readonly tf.Tensor[], operation: DifferentiableOperation): tf.Tensor[] {
  register();
  const attributes: Attributes = { operation, inputCount: inputs.length };
  // A list in place of a map by name: what tfjs demands of operations whose inputs are all to be saved.
  const list = [...inputs] as unknown as tf.NamedTensorMap;
  return tf.engine().runKernel(KERNEL_NAME, list, attributes as unknown as tf.NamedAttrMap) as tf.Tensor[];
}

function register(): void {
  const backend = tf.getBackend();
  if (tf.getKernel(KERNEL_NAME, backend) === undefined) {
    tf.registerKernel({ kernelName: KERNEL_NAME, backendName: backend, kernelFunc: computeOperation });
  }
  if (tf.getGradient(KERNEL_NAME) === undefined) {
    tf.registerGradient({
      kernelName: KERNEL_NAME,
      saveAllInputs: true,
      gradFunc: gradientsOfOperation as unknown as tf.GradFunc,
    });
  }
}

const computeOperation = ((call: { inputs: unknown; attrs: unknown }): tf.Tensor[] => {
  const { outputs, saved } = (call.attrs as Attributes).operation.compute();
  // As outputs, they would each be handed a gradient of zeros, as large as themselves; as inputs they are just saved.
  // Copies, for an input that is an output as well would look like one that the gradient passes through.
  (call.inputs as tf.Tensor[]).push(...saved.map((tensor) => tf.clone(tensor)));
  return outputs;
}) as unknown as tf.KernelFunc;

function gradientsOfOperation(
  outputGradients: tf.Tensor | tf.Tensor[],
  kept: tf.Tensor[],
  { operation, inputCount }: Attributes,
): (() => tf.Tensor)[] {
  const list = Array.isArray(outputGradients) ? outputGradients : [outputGradients];
  return operation.gradients(list, kept.slice(0, inputCount), kept.slice(inputCount));
}
