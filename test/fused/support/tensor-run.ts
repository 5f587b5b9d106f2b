import * as tf from '@tensorflow/tfjs';
import type { ScanResult } from '../../../src/core/scan.js';
import type { FusedKernel } from '../../../src/fused/fused-kernel.js';
import { lstmCell } from '../../../src/layers/factories.js';
import '../../../src/layers/hard-sigmoid-keras3.js';
import { runSequence } from '../../../src/sequence/run-sequence.js';
import type { Sequence } from '../../../src/sequence/sequence.js';
import {
  type Cotangents,
  dataOf,
  GRADIENT_NAMES,
  type Problem,
  type ProblemData,
  RESULT_NAMES,
  type ResultName,
  type Run,
} from './problem.js';

/**
 * Runs a problem in tfjs on the current backend, and its backward pass from the results that have a cotangent.
 *
 * @param kernel Null for the reference.
 */
export function tensorRun(
  kernel: FusedKernel | null,
  problem: Problem,
  cotangents: Cotangents,
  data = dataOf(problem),
): Run {
  return inScope(() => {
    const { results, gradients } = runTensors(kernel, problem, cotangents, data);
    const read = (tensors: Record<string, tf.Tensor>) =>
      Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.dataSync()]));
    const values = { results: read(results), gradients: read(gradients) };
    tf.dispose(results);
    return values;
  });
}

/** The same on a backend that can be read in time only. */
export async function tensorRunInTime(
  kernel: FusedKernel | null,
  problem: Problem,
  cotangents: Cotangents,
  data = dataOf(problem),
): Promise<Run> {
  const { results, gradients } = inScope(() => {
    const run = runTensors(kernel, problem, cotangents, data);
    for (const tensors of Object.values(run)) for (const tensor of Object.values(tensors)) tf.keep(tensor);
    return run;
  });
  const read = async (tensors: Record<string, tf.Tensor>) => {
    const values: Record<string, ArrayLike<number>> = {};
    for (const [name, tensor] of Object.entries(tensors)) {
      values[name] = await tensor.data();
      tensor.dispose();
    }
    return values;
  };
  return { results: await read(results), gradients: await read(gradients) };
}

function runTensors(kernel: FusedKernel | null, problem: Problem, cotangents: Cotangents, data: ProblemData) {
  const { run, inputs } = prepare(kernel, problem, data);
  const results: Record<string, tf.Tensor> = {};
  const loss = () => {
    const tensors = run();
    const terms = Object.entries(cotangents).map(([name, cotangent]) => {
      const tensor = tensors[name as ResultName] as tf.Tensor;
      // Else the end of the recording disposes it.
      results[name] = tf.keep(tf.clone(tensor));
      return tf.sum(tf.mul(tensor, tf.tensor(cotangent, tensor.shape)));
    });
    // tfjs's webgpu backend cannot add more than seven at once.
    return terms.reduce((sum, term) => tf.add(sum, term)) as tf.Scalar;
  };
  // Where nothing connects an input to the results, there is no gradient, which is one of zeros.
  const { grads } = tf.engine().gradients(loss, inputs, undefined, true);
  const gradients: Record<string, tf.Tensor> = {};
  for (const [n, input] of inputs.entries()) gradients[GRADIENT_NAMES[n] as string] = grads[n] ?? tf.zerosLike(input);
  return { results, gradients };
}

/** What a problem returns where no gradients are taken. */
export function inferenceRun(kernel: FusedKernel | null, problem: Problem, data = dataOf(problem)): Run['results'] {
  return inScope(() => {
    const tensors = Object.entries(prepare(kernel, problem, data).run());
    return Object.fromEntries(tensors.map(([name, tensor]) => [name, tensor.dataSync()]));
  });
}

function prepare(kernel: FusedKernel | null, problem: Problem, data: ProblemData) {
  const { batch, timesteps, features, units, activation, recurrentActivation, useBias } = problem;
  // Zeros, for the orthogonal initialiser of the host is slow, and its values are replaced.
  const recurrentInitializer = 'zeros';
  const cell = lstmCell({
    units,
    activation: activation as 'tanh',
    recurrentActivation,
    useBias,
    recurrentInitializer,
  });
  cell.build([null, features]);
  const tensor = <R extends tf.Rank>(values: Float32Array, shape: number[]) =>
    tf.tensor(values.slice(), shape as tf.ShapeMap[R]);
  const weights = [tensor(data.kernel, [features, 4 * units]), tensor(data.recurrentKernel, [units, 4 * units])];
  cell.setWeights([...weights, ...(data.bias === null ? [] : [tensor(data.bias, [4 * units])])]);
  const x = tensor<tf.Rank.R3>(data.x, [batch, timesteps, features]);
  const h0 = tensor<tf.Rank.R2>(data.h0, [batch, units]);
  const c0 = tensor<tf.Rank.R2>(data.c0, [batch, units]);
  const sequence: Sequence = {
    x,
    states: [h0, c0],
    mask: data.mask && tf.tensor2d(data.mask.slice(), [batch, timesteps], 'bool'),
    dropoutMasks: {
      input: data.inputMasks.map((mask) => tensor<tf.Rank.R2>(mask, [batch, features])),
      recurrent: data.recurrentMasks.map((mask) => tensor<tf.Rank.R2>(mask, [batch, units])),
    },
  };
  const { goBackwards, zeroOutputForMask, keepOutputs, keepGates } = problem;
  const options = { goBackwards, zeroOutputForMask, keepOutputs, keepGates };
  const variables = cell.trainableWeights.map((weight) => weight.read());
  return {
    inputs: [x, h0, c0, ...variables],
    run: () => byName(runSequence(kernel, cell, sequence, options)),
  };
}

function byName({ lastOutput, states: [h, c], outputs, gates }: ScanResult): Record<string, tf.Tensor> {
  const { c: cells, ...others } = gates ?? {};
  const named: Partial<Record<ResultName, tf.Tensor | null | undefined>> = {
    lastOutput,
    h,
    c,
    outputs,
    ...others,
    cells,
  };
  const present = RESULT_NAMES.filter((name) => named[name] != null);
  return Object.fromEntries(present.map((name) => [name, named[name] as tf.Tensor]));
}

/** `tf.tidy` for results that are no tensors, which it would look through number by number. Variables end with it, too. */
function inScope<Result>(run: () => Result): Result {
  const { registeredVariables } = tf.engine().state;
  const before = new Set(Object.values(registeredVariables));
  tf.engine().startScope();
  try {
    return run();
  } finally {
    tf.engine().endScope();
    tf.dispose(Object.values(registeredVariables).filter((variable) => !before.has(variable)));
  }
}
