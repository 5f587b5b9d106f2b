import * as tf from '@tensorflow/tfjs';
import type { FusedInputs, FusedKernel } from '../src/fused/fused-kernel.js';
import { runFused } from '../src/fused/run-fused.js';
import { ModuleKernel } from '../src/fused/tensorflow/module-kernel.js';
import { StepsKernel } from '../src/fused/tensorflow/steps-kernel.js';
import { TensorFlowKernel } from '../src/fused/tensorflow/tensorflow-kernel.js';
import { WasmKernel } from '../src/fused/wasm/wasm-kernel.js';
import { lstm } from '../src/index.js';
import type { RecurrentActivation } from './layers.js';
import type { Shape } from './shapes.js';

export interface Task {
  keepGates: boolean;
  isMasked: boolean;
  takesGradients: boolean;
}

const PLAIN_TASK = { keepGates: false, isMasked: false, takesGradients: false };
export const TASKS = {
  inference: PLAIN_TASK,
  gates: { ...PLAIN_TASK, keepGates: true },
  'masked inference': { ...PLAIN_TASK, isMasked: true },
  training: { ...PLAIN_TASK, takesGradients: true },
  'training of gates': { ...PLAIN_TASK, takesGradients: true, keepGates: true },
  'masked training': { ...PLAIN_TASK, takesGradients: true, isMasked: true },
} as const satisfies Record<string, Task>;

/**
 * The built-in layer, plain tfjs ops, and the fused kernels: the module with weights that it knows and, in inference, with weights
 * that it has never seen; TensorFlow's LSTM op with both backward passes. In inference also what the matrix products of
 * the steps take alone.
 */
export const WAYS = [
  'built-in',
  'plain',
  'wasm',
  'new weights',
  'products',
  'steps',
  'at once',
  'by steps',
  'products alone',
] as const;

/** Computes what is to be read back. */
export type Way = () => tf.Tensor[];

export interface Ways {
  ways: Map<string, Way>;
  /** What a layer runs on that is free to choose. */
  chosen: string;
  dispose(): void;
}

export function makeWays(shape: Shape, task: Task, recurrentActivation: RecurrentActivation): Ways {
  const inputs = inputsOf(shape, task);
  const layers = layersOf(shape, task, inputs, recurrentActivation);
  const ways = new Map<string, Way>();
  const add = (name: string, run: Way, variables: readonly tf.Tensor[]) =>
    ways.set(name, task.takesGradients ? gradientsOf(run, variables as tf.Variable[]) : run);
  const apply = (layer: tf.layers.Layer): Way => {
    const call = inputs.mask === null ? {} : { mask: inputs.mask };
    return () => [layer.apply(inputs.x, call) as tf.Tensor | tf.Tensor[]].flat();
  };
  const weightsOf = (layer: tf.layers.Layer) => layer.trainableWeights.map((weight) => weight.read());
  if (!task.keepGates) add('built-in', apply(layers.builtIn), weightsOf(layers.builtIn));
  add('plain', apply(layers.plain), weightsOf(layers.plain));
  const { kernel, recurrentKernel, bias } = inputs;
  const weights = [kernel, recurrentKernel, bias as tf.Tensor1D];
  const run = (kernel: FusedKernel) => fused(kernel, inputs, task, recurrentActivation);
  add('wasm', run(new WasmKernel()), weights);
  if (!task.takesGradients) add('new weights', withNewWeights(new WasmKernel(), inputs, task, recurrentActivation), []);
  if (task.takesGradients) add('products', run(new ModuleKernel(() => true)), weights);
  add('steps', run(new StepsKernel()), weights);
  if (!task.isMasked && recurrentActivation === 'sigmoid') {
    add('at once', run(new TensorFlowKernel(Number.POSITIVE_INFINITY)), weights);
    add('by steps', run(new TensorFlowKernel(0)), weights);
  }
  const factors = factorsOf(shape);
  if (!task.takesGradients) add('products alone', () => productsAlone(shape, factors), []);
  const free = apply(layers.free);
  tf.tidy(() => {
    (task.takesGradients ? gradientsOf(free, weightsOf(layers.free) as tf.Variable[]) : free)();
  });
  const chosen = layers.free.lastImplementation?.name ?? '';
  const dispose = () => {
    for (const layer of Object.values(layers)) layer.dispose();
    tf.dispose([inputs as unknown as tf.TensorContainer, factors]);
  };
  return { ways, chosen, dispose };
}

/** Random weights, scaled so that gates neither saturate nor stay at their middle. */
function inputsOf({ batch, timesteps, features, units }: Shape, { isMasked }: Task): FusedInputs {
  const draw = <R extends tf.Rank>(size: number[], deviation: number, seed: number) =>
    tf.randomNormal(size as tf.ShapeMap[R], 0, deviation, 'float32', seed);
  return {
    x: draw([batch, timesteps, features], 1, 1),
    h0: tf.zeros([batch, units]),
    c0: tf.zeros([batch, units]),
    kernel: tf.variable(draw<tf.Rank.R2>([features, 4 * units], features ** -0.5, 2)),
    recurrentKernel: tf.variable(draw<tf.Rank.R2>([units, 4 * units], units ** -0.5, 3)),
    bias: tf.variable(draw<tf.Rank.R1>([4 * units], 1, 4)),
    mask: isMasked ? tf.greater(draw<tf.Rank.R2>([batch, timesteps], 1, 5), -1) : null,
    inputDropoutMasks: [],
    recurrentDropoutMasks: [],
  };
}

/** All weights, a row for each unit and gate, and what a step multiplies them with, a column for each sample. */
function factorsOf({ batch, features, units }: Shape): [tf.Tensor2D, tf.Tensor2D] {
  const depth = units + features + 1;
  return [tf.randomNormal([4 * units, depth]), tf.randomNormal([depth, batch])];
}

function productsAlone({ timesteps }: Shape, [weights, columns]: [tf.Tensor2D, tf.Tensor2D]): tf.Tensor[] {
  for (let n = 0; n < timesteps; n++) tf.matMul(weights, columns).dispose();
  return [];
}

function layersOf(
  { features, units }: Shape,
  { keepGates }: Task,
  { kernel, recurrentKernel, bias }: FusedInputs,
  recurrentActivation: RecurrentActivation,
) {
  // tfjs's orthogonal initializer takes minutes at 1024 units.
  const args = { units, recurrentActivation, recurrentInitializer: 'zeros' } as const;
  const layers = {
    builtIn: tf.layers.lstm({ ...args }),
    plain: lstm({ ...args, returnGates: keepGates, useFused: false }),
    free: lstm({ ...args, returnGates: keepGates }),
  };
  for (const layer of Object.values(layers)) {
    tf.tidy(() => {
      layer.apply(tf.zeros([1, 1, features]));
    });
    layer.setWeights([kernel, recurrentKernel, bias as tf.Tensor1D]);
  }
  return layers;
}

function fused(
  kernel: FusedKernel,
  inputs: FusedInputs,
  { keepGates }: Task,
  recurrentActivation: RecurrentActivation,
): Way {
  const ofCell = { activation: 'tanh', recurrentActivation };
  const options = { ...ofCell, goBackwards: false, zeroOutputForMask: false, keepOutputs: false };
  return () => {
    const { lastOutput, gates } = runFused(kernel, inputs, { ...options, keepGates });
    return gates === null ? [lastOutput] : [lastOutput, gates.i, gates.f, gates.g, gates.o, gates.c];
  };
}

/** Each time with copies, as training leaves weights behind. */
function withNewWeights(
  kernel: FusedKernel,
  inputs: FusedInputs,
  task: Task,
  recurrentActivation: RecurrentActivation,
): Way {
  return () => {
    const kernelCopy = tf.mul<tf.Tensor2D>(inputs.kernel, 1);
    const recurrentKernel = tf.mul<tf.Tensor2D>(inputs.recurrentKernel, 1);
    return fused(kernel, { ...inputs, kernel: kernelCopy, recurrentKernel }, task, recurrentActivation)();
  };
}

function gradientsOf(run: Way, variables: tf.Variable[]): Way {
  const loss = () => tf.addN(run().map((output) => tf.mean(tf.square(output)))) as tf.Scalar;
  return () => Object.values(tf.variableGrads(loss, variables).grads);
}
