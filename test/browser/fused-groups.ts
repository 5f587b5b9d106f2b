import * as tf from '@tensorflow/tfjs';
import { WebGLKernel } from '../../src/fused/webgl/webgl-kernel.js';
import { lastImplementation, lstm } from '../../src/index.js';
import { expectAgreement } from '../fused/support/agreement.js';
import { PLAIN_PROBLEM, type Problem } from '../fused/support/problem.js';
import { accelerated } from '../support/accelerated.js';
import { expectAllClose } from '../support/close.js';
import {
  CASE_FEATURES,
  CASE_UNITS,
  MAIN_CASES,
  PAIRWISE_CASES,
  patternedDropout,
  resultsOfCase,
  titleOf,
} from '../support/layer-cases.js';
import { MASK_BATCH, MASK_TIMESTEPS, maskOf } from '../support/masks.js';
import { randomizeWeights, randomTensor } from '../support/random.js';
import { resultsOf, twins } from '../support/twins.js';
import { type Check, failuresOf, fixtureChecks, type GroupResult, requireForwards } from './checks.js';
import { tuneCheck } from './tune-check.js';

/** The backend as far as it is counted. */
interface CountedBackend extends tf.KernelBackend {
  gpgpu: { executeProgram(): void; gl: WebGLRenderingContext };
  binaryCache: Record<string, unknown>;
}

const backend = () => tf.backend() as CountedBackend;

/** How many programs a run launches: also those that pack and upload. */
function launchesOf(run: () => void): number {
  const { gpgpu } = backend();
  const { executeProgram } = gpgpu;
  let launches = 0;
  gpgpu.executeProgram = () => {
    launches += 1;
    executeProgram.call(gpgpu);
  };
  try {
    run();
  } finally {
    gpgpu.executeProgram = executeProgram;
  }
  return launches;
}

/** Programs that are not tfjs's own, which have classes. */
const ownBinaries = () => Object.keys(backend().binaryCache).filter((key) => key.startsWith('Object_')).length;

function requireAtMost(what: string, count: number, most: number): void {
  if (!(count <= most)) throw new Error(`${what} must be at most ${most}, got ${count}`);
}

const PROBLEMS: Partial<Problem>[] = [
  { keepGates: false, keepOutputs: false },
  { keepGates: false, units: 5, mask: 'right padded' },
  { units: 7, features: 3, batch: 2, goBackwards: true, recurrentActivation: 'hardSigmoid' },
  { units: 5, mask: 'with holes', goBackwards: true, zeroOutputForMask: true, recurrentActivation: 'hardSigmoid' },
  { units: 3, mask: 'left padded', inputMasks: 4, recurrentMasks: 4, useBias: false },
  { inputMasks: 1, recurrentMasks: 1, goBackwards: true, keepGates: false, mask: 'with holes' },
  { batch: 1, timesteps: 1, features: 1, units: 1, useBias: false, recurrentMasks: 4 },
  { batch: 1, timesteps: 3, features: 2, units: 2, mask: 'all masked', keepOutputs: false },
  { batch: 2, timesteps: 19, features: 5, units: 3, mask: 'right padded', zeroOutputForMask: true },
  { batch: 1, timesteps: 33, features: 1, units: 9, keepOutputs: false, hasInitialStates: false },
  { units: 5, activation: 'relu', recurrentActivation: 'softsign', mask: 'with holes' },
  { units: 5, activation: 'softplus', recurrentActivation: 'gelu', zeroOutputForMask: true, mask: 'right padded' },
  { units: 3, activation: 'mish', recurrentActivation: 'swish', keepGates: false },
];

/** The accuracy of float32 with tfjs's own products. */
const ACCURACY = { results: 4e-6, gradients: 1e-5 };
/** Of textures of float16. */
const HALF_ACCURACY = { results: 1e-2, gradients: 3e-2 };

const problemChecks: Check[] = PROBLEMS.map((problem, n) => [
  JSON.stringify(problem),
  () => expectAgreement(new WebGLKernel(), { ...PLAIN_PROBLEM, seed: 11 + n, ...problem }, ACCURACY),
]);

const mainChecks: Check[] = MAIN_CASES.map((one) => [
  titleOf(one),
  () =>
    tf.tidy(() => {
      const { useFused = 'auto' } = one.args;
      const args = { units: CASE_UNITS, ...one.args, dropoutFunc: patternedDropout };
      const { builtIn, explicit } = twins(args, CASE_FEATURES);
      const [expected, received] = [resultsOfCase(builtIn, one), resultsOfCase(explicit, one)];
      const name = useFused === 'auto' ? 'webgl' : 'reference';
      expect(explicit.lastImplementation?.name).toBe(name);
      for (const results of ['outputs', 'inputGradients', 'weightGradients'] as const) {
        expectAllClose(received[results], expected[results]);
      }
    }),
]);

/** What only the explicit layer has, against its own plain path. */
const ownChecks: Check[] = [
  { returnGates: true },
  { returnGates: true, goBackwards: true, returnSequences: true, returnState: true },
  { zeroOutputForMask: true, returnSequences: true },
].map(
  (args): Check => [
    `on plain ops as on the fused kernel: ${JSON.stringify(args)}`,
    () =>
      tf.tidy(() => {
        const [received, expected] = ([true, false] as const).map((useFused) => {
          const layer = lstm({ units: CASE_UNITS, ...args, useFused });
          layer.apply(tf.input({ shape: [null, CASE_FEATURES] }));
          randomizeWeights(layer, 3);
          return resultsOfCase(layer, { args, mask: 'with holes', states: 'by name' });
        }) as [ReturnType<typeof resultsOf>, ReturnType<typeof resultsOf>];
        for (const results of ['outputs', 'inputGradients', 'weightGradients'] as const) {
          expectAllClose(received[results], expected[results]);
        }
      }),
  ],
);

ownChecks.push(
  [
    'traces as on plain ops',
    () =>
      tf.tidy(() => {
        const x = randomTensor<tf.Rank.R3>([MASK_BATCH, MASK_TIMESTEPS, CASE_FEATURES], 7);
        const [received, expected] = ([true, false] as const).map((useFused) => {
          const layer = lstm({ units: CASE_UNITS, goBackwards: true, useFused });
          layer.apply(x);
          randomizeWeights(layer, 3);
          const { i, f, g, o, c, h } = layer.trace(x, { mask: maskOf('with holes') as tf.Tensor2D });
          return [i, f, g, o, c, h];
        }) as [tf.Tensor[], tf.Tensor[]];
        expectAllClose(received, expected);
      }),
  ],
  [
    'lets NaN at masked steps go nowhere',
    () =>
      tf.tidy(() => {
        const layer = lstm({ units: CASE_UNITS, returnSequences: true, useFused: true });
        const mask = maskOf('with holes') as tf.Tensor2D;
        const x = randomTensor([MASK_BATCH, MASK_TIMESTEPS, CASE_FEATURES], 7);
        layer.apply(x);
        const valid = tf.expandDims(mask, 2).tile([1, 1, CASE_FEATURES]);
        const [received, expected] = [Number.NaN, 0].map((value) => {
          const masked = tf.where(valid, x, tf.fill(x.shape, value));
          const run = (input: tf.Tensor) => layer.apply(input, { mask }) as tf.Tensor;
          const { outputs, inputGradients, weightGradients } = resultsOf(layer, run, { x: masked });
          return [...outputs, ...inputGradients, ...weightGradients];
        }) as [tf.Tensor[], tf.Tensor[]];
        expectAllClose(received, expected);
      }),
  ],
  [
    'hands states on from call to call',
    () =>
      tf.tidy(() => {
        const [received, expected] = ([true, false] as const).map((useFused) => {
          const layer = lstm({ units: 3, stateful: true, batchInputShape: [2, 4, 2], useFused });
          layer.apply(tf.input({ batchShape: [2, 4, 2] }));
          randomizeWeights(layer, 3);
          const outputs = [5, 6, 7].map((seed) => layer.apply(randomTensor([2, 4, 2], seed)) as tf.Tensor);
          return [...outputs, ...layer.states];
        }) as [tf.Tensor[], tf.Tensor[]];
        expectAllClose(received, expected);
      }),
  ],
  [
    'runs a layer that was built on another backend, and returns nothing of no samples',
    async () => {
      await tf.setBackend('cpu');
      const layer = lstm({ units: 5, returnSequences: true });
      const x = randomTensor([2, 3, 4], 7);
      layer.apply(x);
      randomizeWeights(layer, 3);
      const run = (input: tf.Tensor) => layer.apply(input) as tf.Tensor;
      const { outputs: expected } = resultsOf(layer, run, { x });
      await tf.setBackend('webgl');
      const { outputs, inputGradients, weightGradients } = resultsOf(layer, run, { x });
      expect(layer.lastImplementation?.name).toBe('webgl');
      expectAllClose(outputs, expected);
      expect(run(tf.zeros([0, 3, 4])).shape).toEqual([0, 3, 5]);
      tf.dispose([outputs, expected, inputGradients, weightGradients]);
    },
  ],
);

// The built-in's own steps take long on a software renderer.
const acceleratedChecks: Check[] = PAIRWISE_CASES.filter((_, n) => n % 3 === 0).map((one) => [
  `tf.layers.lstm, accelerated, with ${titleOf(one)}`,
  () =>
    tf.tidy(() => {
      const run = () => {
        const args = { units: CASE_UNITS, ...one.args, dropoutFunc: patternedDropout };
        const layer = tf.layers.lstm(args as unknown as tf.LSTMLayerArgs);
        layer.apply(tf.input({ shape: [null, CASE_FEATURES] }));
        randomizeWeights(layer, 1);
        const { outputs, inputGradients, weightGradients } = resultsOfCase(layer, one);
        return { tensors: [...outputs, ...inputGradients, ...weightGradients], ranOn: lastImplementation(layer)?.name };
      };
      const [expected, received] = [run(), accelerated(run)];
      expect(received.ranOn).toBe('webgl');
      expectAllClose(received.tensors, expected.tensors);
    }),
]);

/** The losses of some epochs, and the weights after them. */
async function trained(make: typeof lstm): Promise<tf.Tensor[]> {
  const layers = [
    make({ units: 5, returnSequences: true, inputShape: [6, 3], dropout: 0.2, dropoutFunc: patternedDropout }),
    make({ units: 4 }),
  ];
  const model = tf.sequential({ layers: [...layers, tf.layers.dense({ units: 2 })] });
  randomizeWeights(model, 5);
  model.compile({ loss: 'meanSquaredError', optimizer: tf.train.sgd(0.5) });
  const [x, y] = [randomTensor([8, 6, 3], 1), randomTensor([8, 2], 2)];
  const train = () => model.fit(x, y, { epochs: 2, batchSize: 4, shuffle: false, verbose: 0 });
  const { history } = await train();
  if (make === lstm) {
    const held = () => [tf.memory().numTensors, tf.memory().numDataBuffers];
    const before = held();
    await train();
    expect(held()).toEqual(before);
    for (const layer of layers) expect(lastImplementation(layer)?.name).toBe('webgl');
  } else await train();
  return [tf.tensor(history.loss as number[]), ...model.getWeights()];
}

/** Large enough for tfjs to compute none of it on the processor, as it does with tensors below 1000 values. */
const SEQUENCE = { batch: 4, features: 8, units: 33 };

/** A layer, and what is to be counted of it. */
function countable(make: typeof lstm, timesteps: number, returnSequences = false) {
  const layer = make({ units: SEQUENCE.units, returnSequences });
  const x = randomTensor([SEQUENCE.batch, timesteps, SEQUENCE.features], 7);
  layer.apply(x);
  const forward = () => tf.tidy(() => void layer.apply(x));
  const train = () =>
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(() => tf.mean(tf.square(layer.apply(x) as tf.Tensor)));
      tf.dispose([value, ...Object.values(grads)]);
    });
  return { forward, train };
}

/** Numbers to print of the group that runs. */
let notes: string[] = [];

const launchChecks: Check[] = [3, 34].map(
  (timesteps): Check => [
    `launches for ${timesteps} timesteps`,
    () => {
      const counts = (['explicit', 'built-in'] as const).map((name) => {
        const make = name === 'explicit' ? lstm : (tf.layers.lstm as unknown as typeof lstm);
        const [last, all] = [countable(make, timesteps), countable(make, timesteps, true)];
        const runs = [last.forward, all.forward, last.train, all.train];
        // What is uploaded and compiled once is not counted.
        for (const run of runs) run();
        return runs.map(launchesOf) as [number, number, number, number];
      });
      const [own, builtIn] = counts as [[number, number, number, number], [number, number, number, number]];
      notes.push(`webgl launches, T = ${timesteps}: fused ${own.join(', ')}; built-in ${builtIn.join(', ')}`);
      const parts = Math.ceil(timesteps / 16);
      requireAtMost('forward, last output', own[0], timesteps + 12);
      requireAtMost('forward, all outputs', own[1], timesteps + parts + 12);
      for (const training of own.slice(2)) requireAtMost('training', training, 2 * timesteps + 3 * parts + 45);
      requireAtMost("16 launches a timestep, the least that are known of the built-in's,", 16 * timesteps, builtIn[0]);
      requireAtMost(
        "55 launches a timestep, the least that are known of the built-in's training,",
        55 * timesteps,
        builtIn[2],
      );
    },
  ],
);

launchChecks.push(
  [
    'another number of timesteps compiles nothing of ours',
    () => {
      for (const timesteps of [5, 21]) countable(lstm, timesteps, true).train();
      const before = ownBinaries();
      if (before < 10) throw new Error(`${before} programs: they cannot be told from tfjs's own any more`);
      for (const timesteps of [6, 40]) countable(lstm, timesteps, true).train();
      expect(ownBinaries()).toBe(before);
    },
  ],
  [
    'no call leaves tensors or textures behind',
    () => {
      const { forward, train } = countable(lstm, 20, true);
      const held = () => [tf.memory().numTensors, tf.memory().numDataBuffers];
      forward();
      train();
      const before = held();
      forward();
      train();
      expect(held()).toEqual(before);
    },
  ],
);

const GROUPS: Record<string, () => Check[] | Promise<Check[]>> = {
  'what float64 computes, forward and backward': () => problemChecks,
  'what tf.layers.lstm computes': () => mainChecks,
  'what only this layer has': () => ownChecks,
  accelerateBuiltIn: () => acceleratedChecks,
  'Keras fixtures': fixtureChecks,
  'launches and memory': () => launchChecks,
  tuneKernels: () => [tuneCheck(['webgl', 'wasm-relaxed-simd', 'reference'])],
  'model.fit': () => [
    [
      'trains as the built-in does',
      async () => {
        const received = await trained(lstm);
        expectAllClose(received, await trained(tf.layers.lstm as unknown as typeof lstm));
      },
    ],
  ],
  'textures of float16': () => [
    [
      'runs, to three digits',
      () => {
        const kernel = new WebGLKernel();
        expectAgreement(kernel, { ...PLAIN_PROBLEM, mask: 'with holes' }, HALF_ACCURACY);
        const layer = lstm({ units: 4, useFused: true });
        tf.dispose(layer.apply(tf.ones([2, 3, 2])) as tf.Tensor);
        expect(tf.env().getBool('WEBGL_RENDER_FLOAT32_ENABLED')).toBe(false);
      },
    ],
  ],
  'a lost context': () => [
    [
      'ends in a clear error',
      () => {
        const layer = lstm({ units: 4 });
        tf.dispose(layer.apply(tf.ones([2, 3, 2])) as tf.Tensor);
        backend().gpgpu.gl.getExtension('WEBGL_lose_context')?.loseContext();
        let message = 'nothing was thrown';
        try {
          layer.apply(tf.ones([2, 3, 2]));
        } catch (error) {
          message = (error as Error).message;
        }
        if (!/the browser has lost its WebGL context/.test(message)) throw new Error(message);
      },
    ],
  ],
};

/** How often the kernel has to run at least in a group; left out where it may not. */
const FORWARDS: Record<string, number> = {
  'what tf.layers.lstm computes': 60,
  'Keras fixtures': 100,
  accelerateBuiltIn: 18,
};

/** The flags of tfjs that a group wants, before the backend is there. */
const FLAGS: Record<string, Record<string, number | boolean>> = {
  'textures of float16': { WEBGL_FORCE_F16_TEXTURES: true },
};

/** Runs the checks of one group. */
export async function runGroup(name: string): Promise<GroupResult> {
  for (const [flag, value] of Object.entries(FLAGS[name] ?? {})) tf.env().set(flag, value);
  if (!(await tf.setBackend('webgl'))) throw new Error('the backend webgl cannot be loaded');
  await tf.ready();
  const checks = await (GROUPS[name] as () => Check[] | Promise<Check[]>)();
  notes = [];
  try {
    const failures = await requireForwards(WebGLKernel, FORWARDS[name] ?? 0, () => failuresOf(checks));
    return { count: checks.length, failures, notes };
  } catch (error) {
    return { count: checks.length, failures: [String(error)], notes };
  }
}
