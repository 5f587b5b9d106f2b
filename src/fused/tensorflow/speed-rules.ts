import type { FusedProblem } from '../fused-kernel.js';

/*
 * What is the fastest on tfjs-node: TensorFlow's LSTM ops, its plain ops step by step, the wasm module with copies in and out, or
 * plain tfjs ops. An op is slow to start and fast to compute, the more rows a product has the faster; what the module copies is
 * mostly the weights, which takes its time however little is computed.
 *
 * Milliseconds of processor time on one thread, by
 * `TF_NUM_INTRAOP_THREADS=1 npx tsx benchmarks/tensorflow-kernels.ts --cpu`. With sigmoids, on an AVX-512 Xeon with Node 20, the
 * module without relaxed SIMD; "at once" and "by steps" are the two ways back from TensorFlow's LSTM op (the latter has become
 * faster since: see `productWithTransposed`):
 *
 *     B x T x D x U      task                 plain    wasm   at once  by steps
 *     1x20x16x16         inference             4.2     0.14     0.2
 *     1x1x256x512        inference             1.1     1.8      0.9
 *     2x50x64x128        inference            11       1.1      0.8
 *     32x50x64x128       inference            20      12        4.8
 *     8x50x64x128        training             70      11       13        9.8
 *     16x50x64x32        training             55       4.0      3.7      7.4
 *     32x50x64x128       training             95      39       21       22
 *     1x100x256x512      training            502      56      430       75
 *     1x20x512x1024      training            285     118      340       81
 *     32x50x64x32        training of gates    74      11                16
 *     32x50x64x128       training of gates   119      55                42
 *     8x20x512x512       masked training     113      83
 *     64x20x128x256      masked training      98     112
 *     8x20x1024x1024     masked inference     61     206
 *
 * With hard sigmoids, on an AMD EPYC without AVX-512, whose products TensorFlow computes hardly faster than the module:
 *
 *     B x T x D x U      task              built-in   plain    wasm   steps
 *     128x7x12x128       inference             24       22      7.4      13
 *     128x7x12x128       training              84       72      26       34
 *     64x16x90x256       inference             97       78      36       51
 *     64x16x90x256       masked inference      96       76      36       51
 *     64x16x90x256       training             328      275     115      127
 *     64x16x90x256       masked training      348      284     112      137
 *     8x20x1024x1024     inference            205      173     192      155
 *     8x20x1024x1024     masked inference     240      186     205      177
 *
 * TensorFlow has wider SIMD elsewhere, and more threads, which this machine's figures do not show: beyond the largest of the module's
 * shapes above, its ops are taken.
 */

/**
 * BlockLSTMGradV2 goes through the gradients of all weights at every step, which with more of them takes longer than to
 * start two ops a step.
 */
export const MOST_WEIGHTS_AT_ONCE = 100_000;

/** In a sequence of fewer, the module is done before TensorFlow has started. */
const LEAST_MULTIPLY_ADDS_OF_SEQUENCE = 5e6;
/** To copy so many weights takes the module longer than TensorFlow takes to start. */
const MOST_WEIGHTS_TO_COPY = 1e6;
/** In a step back of fewer, the module is done before TensorFlow has started two ops. */
const LEAST_MULTIPLY_ADDS_OF_STEP = 2e6;
/** In a smaller batch, the module is done before BlockLSTMGradV2 has gone through the weights' gradients. */
const LEAST_BATCH_AT_ONCE = 20;
/** In a step of so many, TensorFlow's faster products, and its threads, outweigh what a dozen ops take to start. */
const LEAST_MULTIPLY_ADDS_OF_STEPS = 3e7;

/** Whether TensorFlow's LSTM ops are faster than the wasm module. */
export function areOpsFaster(problem: FusedProblem): boolean {
  const { batch, timesteps, keepsGates, takesGradients } = problem;
  const weights = weightsOf(problem);
  if (!takesGradients) {
    return batch * timesteps * weights >= LEAST_MULTIPLY_ADDS_OF_SEQUENCE || weights >= MOST_WEIGHTS_TO_COPY;
  }
  if (!keepsGates && weights <= MOST_WEIGHTS_AT_ONCE) return batch >= LEAST_BATCH_AT_ONCE;
  return batch * weights >= LEAST_MULTIPLY_ADDS_OF_STEP;
}

/** Whether TensorFlow's plain ops, a dozen a step, are faster than the wasm module. */
export function areStepsFaster(problem: FusedProblem): boolean {
  return problem.batch * weightsOf(problem) >= LEAST_MULTIPLY_ADDS_OF_STEPS;
}

/** Whether plain tfjs ops are faster than the wasm module, where TensorFlow's do not apply. */
export function arePlainOpsFaster(problem: FusedProblem): boolean {
  return !problem.takesGradients && areStepsFaster(problem);
}

function weightsOf({ features, units }: FusedProblem): number {
  return 4 * units * (features + units);
}
