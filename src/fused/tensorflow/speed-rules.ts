import type { FusedProblem, RecordedInputs } from '../fused-kernel.js';
import { MOST_BYTES_OF_PANELS } from '../wasm/kept-panels.js';

/*
 * What is the fastest on tfjs-node: TensorFlow's LSTM ops, its plain ops step by step, the wasm module with copies in and out, or
 * plain tfjs ops. An op is slow to start and fast to compute, the more rows a product has the faster. The module copies x and the
 * results; weights it copies and packs once, and again in training, which changes them.
 *
 * Milliseconds of processor time on one thread of an AMD EPYC (256-bit SIMD, Node 20, the module without relaxed SIMD), by
 * `TF_NUM_INTRAOP_THREADS=1 npx tsx benchmarks/tensorflow-kernels.ts --cpu`. Inference with sigmoids, where "new weights" are what a
 * call takes that has never seen them:
 *
 *     B x T x D x U       wasm   new weights   LSTM op
 *     1x1x256x512          0.6     4.2           2.5
 *     1x1x1024x1024        2.6    25             9.1
 *     1x100x100x100        0.9                   2.1
 *     1x100x256x512       17      23            36
 *     4x50x64x128          2.2                   3.0
 *     4x20x512x512        19                    25
 *     8x50x32x64           1.3     1.6           2.0
 *     8x50x64x128          4.3     4.7           4.6
 *     8x20x512x512        33                    37
 *     8x20x1024x1024     142     179           154
 *     16x50x64x128         8.4     8.9           7.4
 *     32x1x64x128          0.4     0.8           0.8
 *     32x50x64x128        17                    14
 *     64x20x16x32          1.4     1.7           2.2
 *     128x20x64x128       27      28            22
 *
 * TensorFlow is twice as fast where it has SIMD of 512 bits (below), and has more threads elsewhere: so that its ops are taken from
 * the batch on from which they are not much slower here.
 *
 * Training with sigmoids; "products" is the module with TensorFlow's products over all timesteps, "at once" and "by steps" are the
 * two ways back from TensorFlow's LSTM op:
 *
 *     B x T x D x U       wasm   products   at once   by steps
 *     1x100x100x100        4.0      4.4       13         21
 *     1x100x256x512       67       57       1270        101
 *     1x20x1024x1024     185      131                   142
 *     4x20x512x512        52       48        585         54
 *     8x50x64x128         15       14         34         23
 *     8x20x1024x1024     463      381       3105        364
 *     16x50x64x32          5.3      6.1        7.2       15
 *     16x50x64x128        27       24         37         29
 *     32x50x16x32          7.2      7.1        7.5       16
 *     32x50x64x128        55       47         54         47
 *     64x50x32x32         16       15         13         23
 *     256x10x16x64        27       24         18         22
 *     64x16x90x256       111      105        158         87
 *     128x40x71x128      209      145        185        125
 *
 * With hard sigmoids, on an AMD EPYC with SIMD of 512 bits; "steps" are a graph of plain ops:
 *
 *     B x T x D x U      task              built-in    wasm   products   steps
 *     8x50x64x128        inference             29       2.3              2.0
 *     8x50x64x128        training             139      10.0      8.7     9.1
 *     16x50x64x128       inference             30       4.4              3.9
 *     16x50x64x128       training             122      16       14      13
 *     32x20x32x64        inference             10       1.0              1.2
 *     32x20x32x64        training              37       3.6      3.5     4.6
 *     32x1x64x128        training                       1.1      1.2     1.7
 *     8x1x512x512        inference                      1.4              1.5
 *     32x50x64x128       inference             33       8.4              5.5
 *     32x50x64x128       masked inference      39       8.3              6.1
 *     32x50x64x128       training             154      28       24      21
 *     256x10x16x64       inference              7.7     3.4              2.1
 *     256x10x16x64       training              31      15       16      11
 *     128x7x12x128       inference              5.8     3.7              1.9
 *     128x7x12x128       masked inference       6.8     3.6              2.2
 *     128x7x12x128       training              20      13       12       8.2
 *     128x7x12x128       masked training       23      12       12       9.3
 *     4x20x512x512       inference             32       9.4              6.7
 *     8x20x512x512       inference             44      18                9.8
 *     8x20x512x512       training             170      57       48      31
 *     64x16x90x256       inference             19      19                8.9
 *     64x16x90x256       masked inference      21      18                9.0
 *     64x16x90x256       training              65      60       51      27
 *     64x16x90x256       masked training       78      81       72      30
 *
 * With sigmoids and many weights, there:
 *
 *     B x T x D x U      task         built-in   LSTM op   steps
 *     8x20x512x512       inference                  8.7     9.2
 *     8x20x700x700       inference       34        22      15
 *     8x20x700x700       training       176        56      43
 *     8x20x1024x1024     inference      109        80      38
 *     8x20x1024x1024     training       353       155     120
 *     32x10x512x1024     inference       72        54      48
 *     32x10x512x1024     training       229       146     142
 *     1x1x2048x2048      inference       15        17      11
 */

/**
 * BlockLSTMGradV2 goes through the gradients of all weights at every step, which with more of them takes longer than to
 * start two ops a step.
 */
export const MOST_WEIGHTS_AT_ONCE = 40_000;

/** BlockLSTMV2 takes kernel and recurrent kernel as one, and with more of them a graph of plain ops is up to twice as fast. */
const MOST_WEIGHTS_OF_LSTM_OPS = 3e6;

/** In a smaller batch, the module is done before BlockLSTMGradV2 has gone through the weights' gradients. */
const LEAST_BATCH_AT_ONCE = 32;
/** A smaller batch takes what it takes to read the weights, which the module does with less effort. */
const LEAST_BATCH_OF_OPS = 8;
/** In a sequence or step forward of fewer, the module is done before TensorFlow has started. */
const LEAST_MULTIPLY_ADDS_OF_SEQUENCE = 5e6;
const LEAST_MULTIPLY_ADDS_OF_STEP = 7e5;
/** In a step of training, or by plain ops, of fewer, the module is done before TensorFlow has started its ops. */
const LEAST_MULTIPLY_ADDS_OF_STEPS = 3e6;
/** In a step forward of so many, TensorFlow's faster products, and its threads, outweigh what two dozen tfjs ops take to start. */
const LEAST_MULTIPLY_ADDS_OF_PLAIN_OPS = 3e7;
/** In a smaller batch, TensorFlow multiplies no faster with a row for each unit. */
const LEAST_BATCH_OF_UNITS = 32;
/** Fewer rows, of samples and timesteps, take less time than to transpose the weights. */
const LEAST_ROWS_OF_UNITS = 256;
/** In products over all timesteps of fewer, the module is done before TensorFlow has the factors. */
const LEAST_MULTIPLY_ADDS_OF_PRODUCTS = 2e7;
/** To copy so many weights and their gradients for one step of training takes the module longer than plain ops take to start. */
const LEAST_WEIGHTS_OF_PLAIN_STEP = 1e6;
/** The same, for a few steps by a dozen ops each. */
const LEAST_WEIGHTS_OF_FEW_STEPS = 4e6;
const MOST_OF_FEW_STEPS = 10;
/** What the module keeps of weights between calls, at least two such layers'; it copies more of them in each call. */
const MOST_WEIGHTS_KEPT = MOST_BYTES_OF_PANELS / 2 / Float32Array.BYTES_PER_ELEMENT;

/** Whether TensorFlow's LSTM ops are faster than the wasm module. */
export function areOpsFaster(problem: FusedProblem): boolean {
  const { batch, timesteps, keepsGates, takesGradients } = problem;
  const weights = weightsOf(problem);
  const step = batch * weights;
  if (isPlainStep(problem) || weights > MOST_WEIGHTS_OF_LSTM_OPS) return false;
  if (!takesGradients) {
    const isLong = timesteps * step >= LEAST_MULTIPLY_ADDS_OF_SEQUENCE;
    return batch >= LEAST_BATCH_OF_OPS && step >= LEAST_MULTIPLY_ADDS_OF_STEP && isLong;
  }
  if (!keepsGates && weights <= MOST_WEIGHTS_AT_ONCE) return batch >= LEAST_BATCH_AT_ONCE;
  return batch >= LEAST_BATCH_OF_OPS && step >= LEAST_MULTIPLY_ADDS_OF_STEPS;
}

/** Whether a graph of TensorFlow's plain ops, two dozen a step, is faster than the wasm module. */
export function areStepsFaster(problem: FusedProblem): boolean {
  const { batch, timesteps, takesGradients } = problem;
  const weights = weightsOf(problem);
  const step = batch * weights;
  if (isPlainStep(problem)) return false;
  if (!takesGradients && weights > MOST_WEIGHTS_KEPT) return true;
  if (takesGradients && timesteps <= MOST_OF_FEW_STEPS && weights >= LEAST_WEIGHTS_OF_FEW_STEPS) return true;
  const isLong = timesteps * step >= LEAST_MULTIPLY_ADDS_OF_SEQUENCE;
  return batch >= LEAST_BATCH_OF_OPS && step >= LEAST_MULTIPLY_ADDS_OF_STEPS && isLong;
}

/**
 * Whether steps are faster with a row for each unit. TensorFlow multiplies a large matrix from the left with a narrow one 1.2 times as
 * fast as a flat one with a large one from the right, if only it is not too narrow; but it has to be transposed before.
 */
export function areRowsOfUnitsFaster(batch: number, timesteps: number): boolean {
  return batch >= LEAST_BATCH_OF_UNITS && batch * timesteps >= LEAST_ROWS_OF_UNITS;
}

/** Whether TensorFlow is faster than the module at the products over all timesteps of a backward pass. */
export function areProductsFaster({ x, kernel, recurrentKernel }: RecordedInputs): boolean {
  const [batch, timesteps] = x.shape;
  const weights = kernel.size + recurrentKernel.size;
  return weights >= LEAST_WEIGHTS_OF_PLAIN_STEP || batch * timesteps * weights >= LEAST_MULTIPLY_ADDS_OF_PRODUCTS;
}

/** Whether plain tfjs ops are faster than the wasm module, where TensorFlow's do not apply. */
export function arePlainOpsFaster(problem: FusedProblem): boolean {
  const isLarge = problem.batch * weightsOf(problem) >= LEAST_MULTIPLY_ADDS_OF_PLAIN_OPS;
  return isPlainStep(problem) || (!problem.takesGradients && isLarge);
}

/** Whether this is training of one timestep with many weights. */
function isPlainStep(problem: FusedProblem): boolean {
  return problem.takesGradients && problem.timesteps === 1 && weightsOf(problem) >= LEAST_WEIGHTS_OF_PLAIN_STEP;
}

function weightsOf({ features, units }: FusedProblem): number {
  return 4 * units * (features + units);
}
