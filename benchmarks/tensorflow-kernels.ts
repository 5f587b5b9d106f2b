import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import Table from 'cli-table3';
import { lstm } from '../src/index.js';
import { runFused } from '../src/kernels/run-fused.js';
import type { SequenceInputs, SequenceKernel, SequenceOptions } from '../src/kernels/sequence-kernel.js';
import { TensorFlowKernel } from '../src/kernels/tensorflow/tensorflow-kernel.js';
import { WasmKernel } from '../src/kernels/wasm/wasm-kernel.js';
import { useBackend } from '../tools/backends.js';
import { describeMachine } from './machine.js';
import { parseShape, type Shape } from './shapes.js';

const HELP = `Times every way to run an LSTM on the backend tensorflow, for the rule of which kernel takes which case.

  npx tsx benchmarks/tensorflow-kernels.ts [--shapes 1x100x100x100,...] [--tasks inference,...] [--seconds 2] [--cpu]

  --cpu   counts what the processors work, in place of the time that passes`;

const SHAPES = ['1x1x8x32', '1x100x100x100', '32x50x64x128', '1x100x256x512', '8x20x1024x1024'];

interface Problem {
  layer: tf.layers.RNN;
  inputs: SequenceInputs;
  options: SequenceOptions;
}

/** Each returns what is read back of what it computed. */
const TASKS = {
  inference: { keepGates: false, isMasked: false, takesGradients: false },
  trace: { keepGates: true, isMasked: false, takesGradients: false },
  training: { keepGates: false, isMasked: false, takesGradients: true },
  'training with gates': { keepGates: true, isMasked: false, takesGradients: true },
  'masked inference': { keepGates: false, isMasked: true, takesGradients: false },
  'masked training': { keepGates: false, isMasked: true, takesGradients: true },
};
type Task = (typeof TASKS)[keyof typeof TASKS];

function problemOf({ batch, timesteps, features, units }: Shape, { keepGates, isMasked }: Task): Problem {
  const draw = <R extends tf.Rank>(shape: number[], deviation: number, seed: number) =>
    tf.randomNormal(shape as tf.ShapeMap[R], 0, deviation, 'float32', seed);
  const weights = [
    tf.variable(draw<tf.Rank.R2>([features, 4 * units], features ** -0.5, 2)),
    tf.variable(draw<tf.Rank.R2>([units, 4 * units], units ** -0.5, 3)),
    tf.variable(draw<tf.Rank.R1>([4 * units], 1, 4)),
  ] as const;
  // tfjs's orthogonal initializer takes minutes at 1024 units.
  const args = { units, recurrentActivation: 'sigmoid', recurrentInitializer: 'zeros' } as const;
  const layer = lstm({ ...args, useFused: false, returnGates: keepGates });
  layer.apply(tf.zeros([1, 1, features]));
  layer.setWeights([...weights]);
  const [kernel, recurrentKernel, bias] = weights;
  return {
    layer,
    inputs: {
      x: draw([batch, timesteps, features], 1, 1),
      h0: tf.zeros([batch, units]),
      c0: tf.zeros([batch, units]),
      ...{ kernel, recurrentKernel, bias },
      mask: isMasked ? tf.greater(draw<tf.Rank.R2>([batch, timesteps], 1, 5), -1) : null,
      inputMasks: [],
      recurrentMasks: [],
    },
    options: {
      recurrentActivation: 'sigmoid',
      goBackwards: false,
      zeroOutputForMask: false,
      keepOutputs: false,
      keepGates,
    },
  };
}

type Run = () => tf.Tensor[];

/** The outputs of every way to compute a problem. */
function runsOf({ layer, inputs, options }: Problem): Record<string, Run> {
  const { x, mask } = inputs;
  const fused = (kernel: SequenceKernel) => () => {
    const { lastOutput, gates } = runFused(kernel, inputs, options);
    return [lastOutput, ...(gates === null ? [] : [gates.i, gates.f, gates.g, gates.o, gates.c])];
  };
  const unmasked = {
    'at once': fused(new TensorFlowKernel(Number.POSITIVE_INFINITY)),
    'by steps': fused(new TensorFlowKernel(0)),
  };
  return {
    plain: () => [layer.apply(x, { mask: mask as tf.Tensor }) as tf.Tensor | tf.Tensor[]].flat(),
    wasm: fused(new WasmKernel()),
    ...(mask === null && unmasked),
  };
}

function gradientsOf(run: Run, variables: tf.Variable[]): Run {
  const loss = () => tf.addN(run().map((output) => tf.mean(tf.square(output)))) as tf.Scalar;
  return () => Object.values(tf.variableGrads(loss, variables).grads);
}

/** Milliseconds of one run, with its results read back and its tensors freed. */
function time(run: Run, clock: () => number): number {
  const start = clock();
  tf.tidy(() => {
    for (const tensor of run()) tensor.dataSync();
  });
  return clock() - start;
}

/** What all threads of the process worked, in milliseconds. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The least of the times, by name: what else the machine does only adds. */
function measure(runs: Record<string, Run>, seconds: number, clock: () => number): Record<string, number> {
  const times = Object.fromEntries(Object.keys(runs).map((name) => [name, [] as number[]]));
  const start = performance.now();
  for (let round = 0; round < 5 || performance.now() - start < 1000 * seconds; round++) {
    for (const [name, run] of Object.entries(runs)) {
      const elapsed = time(run, clock);
      if (round > 1) times[name]?.push(elapsed);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, values]) => [name, Math.min(...values)]));
}

const { values } = parseArgs({
  options: {
    shapes: { type: 'string', default: SHAPES.join(',') },
    tasks: { type: 'string', default: Object.keys(TASKS).join(',') },
    seconds: { type: 'string', default: '2' },
    cpu: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  console.log(HELP);
} else {
  await useBackend('tensorflow');
  console.log(describeMachine());
  const columns = ['plain', 'wasm', 'at once', 'by steps'];
  const table = new Table({ head: ['B x T x D x U', 'task', ...columns], style: { head: [], border: [] } });
  for (const shape of values.shapes.split(',')) {
    for (const name of values.tasks.split(',') as (keyof typeof TASKS)[]) {
      const task = TASKS[name];
      const problem = problemOf(parseShape(shape), task);
      const { kernel, recurrentKernel, bias } = problem.inputs;
      const runs = Object.entries(runsOf(problem)).map(([way, run]): [string, Run] => {
        const ownVariables = problem.layer.trainableWeights.map((weight) => weight.read() as tf.Variable);
        const variables = way === 'plain' ? ownVariables : ([kernel, recurrentKernel, bias] as tf.Variable[]);
        return [way, task.takesGradients ? gradientsOf(run, variables) : run];
      });
      const least = measure(
        Object.fromEntries(runs),
        Number(values.seconds),
        values.cpu ? processorTime : () => performance.now(),
      );
      const row = [shape, name, ...columns.map((column) => least[column]?.toFixed(2) ?? '')];
      table.push(row);
      console.error(row.join('  '));
      problem.layer.dispose();
      tf.dispose(problem.inputs as unknown as tf.TensorContainer);
    }
  }
  console.log(table.toString());
}
