import * as tf from '@tensorflow/tfjs';
import { WebGPUKernel } from '../../src/fused/webgpu/webgpu-kernel.js';
import { lastImplementation, lstm, prepareKernels } from '../../src/index.js';
import { float64Run } from '../fused/support/float64-run.js';
import { cotangentsOf, PLAIN_PROBLEM } from '../fused/support/problem.js';
import { expectRunsClose } from '../fused/support/relative-error.js';
import { tensorRunInTime } from '../fused/support/tensor-run.js';
import { WEBGPU_ACCURACY, WEBGPU_PROBLEMS } from '../fused/webgpu/problems.js';
import { accelerated } from '../support/accelerated.js';
import {
  CASE_FEATURES,
  CASE_UNITS,
  type LayerCase,
  MAIN_CASES,
  patternedDropout,
  resultsOfCase,
  titleOf,
} from '../support/layer-cases.js';
import { maskOf } from '../support/masks.js';
import { randomizeWeights, randomTensor } from '../support/random.js';
import { type LayerResults, resultsOf } from '../support/twins.js';
import { type Check, failuresOf, fixtureChecks, type GroupResult, requireForwards } from './checks.js';
import { tuneCheck } from './tune-check.js';

// Nothing is read at once here: tfjs's webgpu backend can lose its device over that.

const UNITS = 5;
const FEATURES = 3;

interface CountedBackend extends tf.KernelBackend {
  device: { destroy(): void; lost: Promise<unknown>; onuncapturederror: ((event: unknown) => void) | null };
}

const backend = () => tf.backend() as CountedBackend;

const problemChecks: Check[] = WEBGPU_PROBLEMS.map(([changes, mostWork], n) => [
  JSON.stringify(changes),
  async () => {
    const problem = { ...PLAIN_PROBLEM, seed: 31 + n, ...changes };
    const cotangents = cotangentsOf(problem);
    const before = tf.memory().numTensors;
    const run = await tensorRunInTime(new WebGPUKernel(mostWork), problem, cotangents);
    expect(tf.memory().numTensors).toBe(before);
    expectRunsClose(run, float64Run(problem, cotangents), WEBGPU_ACCURACY);
  },
]);

async function requireClose(received: tf.Tensor[], expected: tf.Tensor[]): Promise<void> {
  expect(received.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  for (const [n, tensor] of expected.entries()) {
    const [values, wanted] = [await (received[n] as tf.Tensor).data(), await tensor.data()];
    const at = wanted.findIndex(
      (value, k) => !(Math.abs((values[k] as number) - value) <= 1e-5 * (1 + Math.abs(value))),
    );
    if (at >= 0) throw new Error(`element ${at} of tensor ${n} is ${values[at]}, expected ${wanted[at]}`);
  }
}

const listed = ({ outputs, inputGradients, weightGradients }: LayerResults) => [
  ...outputs,
  ...inputGradients,
  ...weightGradients,
];

/** Results of a layer made and run on a backend, by a seed that gives every such layer the same weights. */
async function resultsOn(backendName: string, make: typeof lstm, one: LayerCase) {
  await tf.setBackend(backendName);
  const layer = make({ units: CASE_UNITS, ...one.args, dropoutFunc: patternedDropout });
  layer.apply(tf.input({ shape: [null, CASE_FEATURES] }));
  randomizeWeights(layer, 1);
  return { results: listed(resultsOfCase(layer, one)), ranOn: lastImplementation(layer)?.name };
}

// Not those on plain ops, which launch thousands of programs, too many for a renderer in software; and one activation.
const FUSED_CASES = MAIN_CASES.filter(({ args: { activation = 'tanh', useFused = 'auto' } }) => {
  return activation === 'tanh' && useFused === 'auto';
});

// The built-in runs on the processor: the other side of the comparison has nothing in common with this one, and is faster.
const mainChecks: Check[] = FUSED_CASES.map((one) => [
  titleOf(one),
  async () => {
    const expected = await resultsOn('cpu', tf.layers.lstm as unknown as typeof lstm, one);
    const received = await resultsOn('webgpu', lstm, one);
    expect(received.ranOn).toBe('webgpu');
    await requireClose(received.results, expected.results);
    tf.dispose([expected.results, received.results]);
  },
]);

function layerOf(args: object, useFused: boolean) {
  const layer = lstm({ units: UNITS, dropoutFunc: patternedDropout, ...args, useFused });
  layer.apply(tf.input({ shape: [null, FEATURES] }));
  randomizeWeights(layer, 3);
  return layer;
}

const CASES: LayerCase[] = [
  { args: { returnSequences: true, goBackwards: true }, mask: 'with holes', states: 'by name' },
  { args: { returnGates: true, returnSequences: true, returnState: true }, mask: 'left padded', states: 'by name' },
  { args: { dropout: 0.3, recurrentDropout: 0.4, zeroOutputForMask: true }, mask: 'with holes', states: 'after x' },
];

const layerChecks: Check[] = CASES.map(
  (one): Check => [
    `on plain ops as on the fused kernel: ${titleOf(one)}`,
    async () => {
      const [received, expected] = [true, false].map((useFused) => resultsOfCase(layerOf(one.args, useFused), one));
      await requireClose(listed(received as LayerResults), listed(expected as LayerResults));
    },
  ],
);

layerChecks.push(
  [
    'traces as on plain ops',
    async () => {
      const x = randomTensor<tf.Rank.R3>([4, 6, FEATURES], 7);
      const [received, expected] = [true, false].map((useFused) => {
        const { i, f, g, o, c, h } = layerOf({ goBackwards: true }, useFused).trace(x, {
          mask: maskOf('with holes') as tf.Tensor2D,
        });
        return [i, f, g, o, c, h];
      }) as [tf.Tensor[], tf.Tensor[]];
      await requireClose(received, expected);
    },
  ],
  [
    'lets NaN at masked steps go nowhere',
    async () => {
      const layer = layerOf({ returnSequences: true }, true);
      const mask = maskOf('with holes') as tf.Tensor2D;
      const x = randomTensor([4, 6, FEATURES], 7);
      const valid = tf.expandDims(mask, 2).tile([1, 1, FEATURES]);
      const [received, expected] = [Number.NaN, 0].map((value) => {
        const masked = tf.where(valid, x, tf.fill(x.shape, value));
        return listed(resultsOf(layer, (input) => layer.apply(input, { mask }) as tf.Tensor, { x: masked }));
      }) as [tf.Tensor[], tf.Tensor[]];
      await requireClose(received, expected);
    },
  ],
  [
    'accelerates tf.layers.lstm',
    async () => {
      const one: LayerCase = { args: {}, mask: 'right padded', states: 'by name' };
      const run = () => {
        const layer = tf.layers.lstm({ units: UNITS });
        layer.apply(tf.input({ shape: [null, FEATURES] }));
        randomizeWeights(layer, 1);
        const results = listed(resultsOfCase(layer, one));
        return { results, ranOn: lastImplementation(layer)?.name };
      };
      const [expected, received] = [run(), accelerated(run)];
      expect(received.ranOn).toBe('webgpu');
      await requireClose(received.results, expected.results);
    },
  ],
  [
    'trains as the built-in does, and keeps no tensors',
    async () => {
      const train = async (make: typeof lstm) => {
        const layers = [make({ units: 3, stateful: true, batchInputShape: [2, 3, 2] }), tf.layers.dense({ units: 1 })];
        const model = tf.sequential({ layers });
        randomizeWeights(model, 5);
        model.compile({ loss: 'meanSquaredError', optimizer: tf.train.sgd(0.5) });
        const [x, y] = [randomTensor([2, 3, 2], 1), randomTensor([2, 1], 2)];
        const fit = { batchSize: 2, shuffle: false, verbose: 0, yieldEvery: 'never' } as const;
        await model.fit(x, y, fit);
        const before = tf.memory().numTensors;
        await model.fit(x, y, fit);
        if (make === lstm) expect(tf.memory().numTensors).toBe(before);
        if (make === lstm) expect(lastImplementation(layers[0] as tf.layers.Layer)?.name).toBe('webgpu');
        return model.getWeights();
      };
      await requireClose(await train(lstm), await train(tf.layers.lstm as unknown as typeof lstm));
    },
  ],
);

/** How many programs a run dispatches. */
function dispatchesOf(run: () => void): number {
  const { prototype } = (globalThis as unknown as { GPUComputePassEncoder: { prototype: Dispatching } })
    .GPUComputePassEncoder;
  const { dispatchWorkgroups } = prototype;
  let dispatches = 0;
  prototype.dispatchWorkgroups = function (...sizes) {
    dispatches += 1;
    dispatchWorkgroups.apply(this, sizes);
  };
  try {
    run();
  } finally {
    prototype.dispatchWorkgroups = dispatchWorkgroups;
  }
  return dispatches;
}

interface Dispatching {
  dispatchWorkgroups(...sizes: number[]): void;
}

let notes: string[] = [];

/** Dispatches forward, with the last output and with all, and in training. */
function countsOf(make: typeof lstm, timesteps: number): number[] {
  // Large enough for tfjs to compute none of it on the processor.
  const x = randomTensor([4, timesteps, 96], 7);
  return [false, true].flatMap((returnSequences) => {
    const layer = make({ units: 33, returnSequences });
    const forward = () => tf.tidy(() => void layer.apply(x));
    const train = () =>
      tf.tidy(() => void tf.variableGrads(() => tf.mean(tf.square(layer.apply(x) as tf.Tensor))).value);
    for (const run of [forward, train]) run();
    return [forward, train].map(dispatchesOf);
  });
}

const launchChecks: Check[] = [
  [
    'dispatches hardly more programs for more timesteps',
    async () => {
      const builtIn = countsOf(tf.layers.lstm as unknown as typeof lstm, 5);
      const [few, many] = [5, 12].map((timesteps) => countsOf(lstm, timesteps)) as [number[], number[]];
      notes.push(
        `webgpu dispatches (forward, training; last output, all): fused ${many}; built-in at T = 5 ${builtIn}`,
      );
      // tfjs chooses the programs of its products by their sizes.
      for (const [n, count] of many.entries()) {
        if (!(count <= (few[n] as number) + 2)) throw new Error(`${count} programs instead of ${few[n]}`);
      }
      for (const forward of [many[0], many[2]]) if (!((forward as number) <= 8)) throw new Error(`forward ${forward}`);
      for (const training of [many[1], many[3]]) {
        if (!((training as number) <= 25)) throw new Error(`training ${training}`);
      }
    },
  ],
];

const lossChecks: Check[] = [
  [
    'ends in a clear error',
    async () => {
      const layer = layerOf({}, true);
      const { device } = backend();
      device.destroy();
      await device.lost;
      await Promise.resolve();
      let message = 'nothing was thrown';
      try {
        layer.apply(tf.ones([2, 3, FEATURES]));
      } catch (error) {
        message = (error as Error).message;
      }
      if (!/the browser has lost its GPU device/.test(message)) throw new Error(message);
    },
  ],
];

const waitChecks: Check[] = [
  [
    'says that it is being checked, and runs once it has been',
    async () => {
      const layer = lstm({ units: 4 });
      const call = () => {
        tf.dispose(layer.apply(tf.ones([2, 3, 2])) as tf.Tensor);
        return layer.lastImplementation;
      };
      expect(call()).toEqual({ name: 'reference', reason: 'the fused kernel is being checked' });
      await prepareKernels();
      expect(call()).toEqual({ name: 'webgpu' });
    },
  ],
];

/** Its stack is one of tfjs's own RNN layer, which transposes a mask that is on the device by an invalid program. */
const WRONG_IN_TFJS = 'stacked-cells-masked';

/** Of the fixtures of activations, one: each has programs of its own, which a renderer in software compiles for a second. */
const isTried = (name: string) => !name.startsWith('activation-') || name === 'activation-relu';

async function fixtureChecksHere(): Promise<Check[]> {
  const checks = (await fixtureChecks()).filter(([name]) => isTried(name));
  return checks.map(([name, check]) => [name, name === WRONG_IN_TFJS ? () => requireInvalid(check) : check]);
}

async function requireInvalid(check: Check[1]): Promise<void> {
  const { device } = backend();
  const { onuncapturederror } = device;
  let isInvalid = false;
  device.onuncapturederror = () => {
    isInvalid = true;
  };
  try {
    await check();
  } catch {
    if (isInvalid) return;
  } finally {
    device.onuncapturederror = onuncapturederror;
  }
  throw new Error('tfjs runs it now: it can be a check like any other');
}

const GROUPS: Record<string, () => Check[] | Promise<Check[]>> = {
  prepareKernels: () => waitChecks,
  'what float64 computes, forward and backward': () => problemChecks,
  'what tf.layers.lstm computes': () => mainChecks,
  'Keras fixtures': fixtureChecksHere,
  'layers, on plain ops and on the fused kernel': () => layerChecks,
  dispatches: () => launchChecks,
  tuneKernels: () => [tuneCheck(['webgpu', 'reference'])],
  'a lost device': () => lossChecks,
};

/** How often the kernel has to run at least in a group; left out where it need not. */
const FORWARDS: Record<string, number> = {
  'what tf.layers.lstm computes': 60,
  'Keras fixtures': 100,
};

/** Runs the checks of one group, of which `prepareKernels` is the first. */
export async function runGroup(name: string): Promise<GroupResult> {
  if (tf.getBackend() !== 'webgpu' && !(await tf.setBackend('webgpu'))) throw new Error('there is no backend webgpu');
  await tf.ready();
  notes = [];
  const invalid: string[] = [];
  backend().device.onuncapturederror = (event) => {
    invalid.push((event as { error: Error }).error.message.slice(0, 300));
  };
  const checks = await (GROUPS[name] as () => Check[] | Promise<Check[]>)();
  try {
    const failures = await requireForwards(WebGPUKernel, FORWARDS[name] ?? 0, () => failuresOf(checks));
    return { count: checks.length, failures: [...failures, ...invalid], notes };
  } catch (error) {
    return { count: checks.length, failures: [String(error), ...invalid], notes };
  }
}
