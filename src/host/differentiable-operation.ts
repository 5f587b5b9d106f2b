import * as tf from '@tensorflow/tfjs';
import { currentTape } from './gradient-tape.js';
import { sharingData } from './sharing-data.js';

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
const OP_NAME = 'ExplicitLSTMOperation3';

interface Attributes {
  operation: DifferentiableOperation;
  outputCount: number;
  /** The inputs as they were, and what the operation saved. */
  keptInputs: tf.Tensor[];
  keptSaved: tf.Tensor[];
}

/**
 * Runs an operation so that tfjs's gradients pass through it. Of second derivatives it knows nothing.
 *
 * What the gradient wants is kept here, not by tfjs, which keeps clones: on its wasm backend, copies of all weights.
 *
 * Reliance: tfjs has in `activeTape` what it has recorded, last of all this operation, with a list `saved` of tensors that it
 * disposes with the tape. Checked each time. Fallback: they are disposed when nobody has the tape any more.
 *
 * @returns Its outputs.
 */
export function runDifferentiable(inputs: readonly tf.Tensor[], operation: DifferentiableOperation): tf.Tensor[] {
  register();
  const attributes: Attributes = { operation, outputCount: 0, keptInputs: [...inputs], keptSaved: [] };
  const outputs = tf
    .engine()
    .runKernel(
      OP_NAME,
      inputs as unknown as tf.NamedTensorMap,
      attributes as unknown as tf.NamedAttrMap,
    ) as tf.Tensor[];
  leaveToTape(attributes, outputs);
  return outputs.slice(0, attributes.outputCount);
}

function register(): void {
  const backend = tf.getBackend();
  if (tf.getKernel(OP_NAME, backend) === undefined) {
    tf.registerKernel({ kernelName: OP_NAME, backendName: backend, kernelFunc: computeOperation });
  }
  if (tf.getGradient(OP_NAME) === undefined) {
    tf.registerGradient({ kernelName: OP_NAME, gradFunc: gradientsOfOperation as unknown as tf.GradFunc });
  }
}

const computeOperation = ((call: { attrs: unknown }): tf.Tensor[] => {
  const attributes = call.attrs as Attributes;
  const { outputs, saved, aside = [] } = attributes.operation.compute();
  attributes.outputCount = outputs.length;
  // Here, where tfjs records nothing.
  attributes.keptInputs = attributes.keptInputs.map(sharingData);
  attributes.keptSaved = saved.map(sharingData);
  // With this flag, tfjs takes for a leak whatever an op makes that is not among its outputs.
  return tf.env().getBool('IS_TEST') ? [...outputs, ...saved, ...aside] : outputs;
}) as unknown as tf.KernelFunc;

const forgotten = new FinalizationRegistry<tf.Tensor[]>((tensors) => tf.dispose(tensors));

function leaveToTape(attributes: Attributes, outputs: tf.Tensor[]): void {
  const kept = [...attributes.keptInputs, ...attributes.keptSaved].map((tensor) => tf.keep(tensor));
  const tape = currentTape() as { outputs?: tf.Tensor[]; saved?: tf.Tensor[] }[] | null;
  const { outputs: recorded, saved } = tape?.at(-1) ?? {};
  if (recorded?.[0] === outputs[0] && Array.isArray(saved)) saved.push(...kept);
  else forgotten.register(attributes, kept);
}

function gradientsOfOperation(
  outputGradients: tf.Tensor | tf.Tensor[],
  _saved: unknown,
  { operation, outputCount, keptInputs, keptSaved }: Attributes,
): (() => tf.Tensor)[] {
  const list = Array.isArray(outputGradients) ? outputGradients : [outputGradients];
  return operation.gradients(list.slice(0, outputCount), keptInputs, keptSaved);
}
