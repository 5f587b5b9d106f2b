import type { SequenceProblem } from '../sequence-kernel.js';

/*
 * What is the fastest on tfjs-node, where there are TensorFlow's ops, the wasm module with copies in and out, and plain
 * tfjs ops. Measured with `npx tsx benchmarks/tensorflow-kernels.ts`. An op is slow to start and fast to compute, the more
 * rows there are to a product the faster; what the module copies is mostly the weights, and that takes time in proportion
 * to them however little is computed.
 */

/**
 * BlockLSTMGradV2 goes through the gradients of all weights at every step, which with more of them takes longer than the
 * starting of two ops.
 */
export const MOST_WEIGHTS_AT_ONCE = 100_000;

/** Below it one call into the module is over before TensorFlow has begun: 0.1 ms against 0.2. */
const LEAST_MULTIPLY_ADDS_OF_SEQUENCE = 5e6;
/** Below it the two ops of a step back take longer to start than the module takes to compute. */
const LEAST_MULTIPLY_ADDS_OF_STEP = 2e6;
/** Below it TensorFlow goes through the weights' gradients longer than the module takes to compute. */
const LEAST_BATCH_AT_ONCE = 20;
/** From it on plain ops take less time than copying. */
const MOST_MULTIPLY_ADDS_OF_STEP_WITH_COPIES = 2e7;

/** Whether TensorFlow's LSTM ops are faster than the wasm module. */
export function areOpsFaster(problem: SequenceProblem): boolean {
  const { batch, timesteps, keepsGates, takesGradients } = problem;
  const weights = weightsOf(problem);
  if (!takesGradients) return batch * timesteps * weights >= LEAST_MULTIPLY_ADDS_OF_SEQUENCE;
  if (!keepsGates && weights <= MOST_WEIGHTS_AT_ONCE) return batch >= LEAST_BATCH_AT_ONCE;
  return batch * weights >= LEAST_MULTIPLY_ADDS_OF_STEP;
}

/** Whether plain tfjs ops are faster than the wasm module. */
export function arePlainOpsFaster(problem: SequenceProblem): boolean {
  return problem.batch * weightsOf(problem) >= MOST_MULTIPLY_ADDS_OF_STEP_WITH_COPIES;
}

function weightsOf({ features, units }: SequenceProblem): number {
  return 4 * units * (features + units);
}
