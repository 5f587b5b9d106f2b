import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { ACTIVATIONS, type ActivationName } from '../../src/core/activations.js';
import type { ScanResult } from '../../src/core/scan.js';
import { TensorFlowKernel } from '../../src/fused/tensorflow/tensorflow-kernel.js';
import { WasmKernel } from '../../src/fused/wasm/wasm-kernel.js';
import { lstm } from '../../src/index.js';
import { runSequence } from '../../src/sequence/run-sequence.js';
import type { Sequence } from '../../src/sequence/sequence.js';
import { PeepholeCell, type PeepholeCellArgs, peepholeCell } from '../../src/variants/index.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { randomNumbers } from '../../tools/random-numbers.js';
import { randomTensor } from '../support/random.js';
import { FUSED_PROBLEM } from './support/fused-problem.js';
import { relativeError } from './support/relative-error.js';
import { allowRelaxedSimd } from './support/relaxed-simd.js';

/** Relative to the largest element of what is compared; of the reference in tfjs's float32. */
const TOLERANCE = 1e-5;

interface Problem {
  batch: number;
  timesteps: number;
  features: number;
  units: number;
  seed: number;
  args: Omit<PeepholeCellArgs, 'units'>;
  isMasked: boolean;
  dropout: 'none' | 'input' | 'both';
  goBackwards: boolean;
  zeroOutputForMask: boolean;
  keepOutputs: boolean;
  keepGates: boolean;
  hasStates: boolean;
}

const PLAIN: Problem = {
  batch: 3,
  timesteps: 5,
  features: 4,
  units: 6,
  seed: 7,
  args: {},
  isMasked: false,
  dropout: 'none',
  goBackwards: false,
  zeroOutputForMask: false,
  keepOutputs: true,
  keepGates: true,
  hasStates: true,
};

/** On either side of a kink, rounding would decide which gradient there is. */
const SMOOTH = (Object.keys(ACTIVATIONS) as ActivationName[]).filter((name) => !/relu|hard|selu/.test(name));

const BOUNDED = ['tanh', 'sigmoid', 'hardSigmoid', 'softsign'];

/** With bounds that many values, but not all, are beyond. */
const args = (largest: number): fc.Arbitrary<Problem['args']> =>
  fc
    .record({
      activation: fc.constantFrom('tanh', ...SMOOTH),
      recurrentActivation: fc.constantFrom('sigmoid', 'hardSigmoid', ...SMOOTH),
      useBias: fc.boolean(),
      peepholes: fc.boolean(),
      coupled: fc.boolean(),
      cellClip: fc.option(fc.constantFrom(0.3, 0.7)),
      gateClip: fc.option(fc.constantFrom(0.4, 1.3)),
      projectionUnits: fc.option(fc.integer({ min: 1, max: largest })),
      projectionClip: fc.option(fc.constantFrom(0.1, 0.4)),
      forgetBias: fc.constantFrom(0, 1),
    })
    .map(
      ({ projectionClip, ...others }) =>
        ({ ...others, projectionClip: others.projectionUnits === null ? null : projectionClip }) as Problem['args'],
    );

function problems(largest: number): fc.Arbitrary<Problem> {
  const size = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: largest }));
  return fc
    .record({
      batch: size,
      timesteps: size,
      features: size,
      units: size,
      seed: fc.integer({ min: 1, max: 2 ** 20 }),
      args: args(largest),
      isMasked: fc.boolean(),
      dropout: fc.constantFrom('none', 'input', 'both'),
      goBackwards: fc.boolean(),
      zeroOutputForMask: fc.boolean(),
      keepOutputs: fc.boolean(),
      keepGates: fc.boolean(),
      hasStates: fc.boolean(),
    })
    .map(({ timesteps, ...problem }) => {
      // Gates without a bound multiply what a state was rounded by at every step.
      const { recurrentActivation = 'sigmoid' } = problem.args;
      return { ...problem, timesteps: BOUNDED.includes(recurrentActivation) ? timesteps : Math.min(timesteps, 3) };
    });
}

function prepare(problem: Problem, scale: number) {
  const { batch, timesteps, features, units, seed, isMasked, dropout, hasStates } = problem;
  // One dropout mask of x for all gates, or one of x and of h for each.
  const rates = { dropout: dropout === 'none' ? 0 : 0.4, recurrentDropout: dropout === 'both' ? 0.3 : 0 };
  const cell = peepholeCell({ ...problem.args, ...rates, units, seed, recurrentInitializer: 'zeros' });
  cell.build([null, features]);
  const next = randomNumbers(seed);
  cell.setWeights(
    cell.getWeights().map((weight) => {
      const scale = weight.rank === 1 ? 1 : (1.5 * (weight.shape[0] as number)) ** -0.5;
      return tf.tensor(
        Float32Array.from({ length: weight.size }, () => 1.5 * scale * (2 * next() - 1)),
        weight.shape,
      );
    }),
  );
  const mask = Uint8Array.from({ length: batch * timesteps }, () => Number(next() < 0.6));
  const states = cell.stateNames.map((name, n) => randomTensor<tf.Rank.R2>([batch, cell.widthOf(name)], seed + n));
  const sequence: Sequence = {
    x: tf.mul(randomTensor<tf.Rank.R3>([batch, timesteps, features], seed + 5), scale),
    states: hasStates ? states : null,
    mask: isMasked ? tf.tensor2d(mask, [batch, timesteps], 'bool') : null,
    dropoutMasks: cell.drawDropoutMasks(batch),
  };
  return { cell, sequence };
}

function listed({ lastOutput, states, outputs, gates }: ScanResult): Record<string, tf.Tensor> {
  const [h, c] = states as [tf.Tensor, tf.Tensor];
  return { lastOutput, finalH: h, finalC: c, ...(outputs && { outputs }), ...gates };
}

interface Numbers {
  shape: number[];
  values: ArrayLike<number>;
}

function numbersOf(tensors: Record<string, tf.Tensor>): Record<string, Numbers> {
  const entries = Object.entries(tensors).map(([name, tensor]) => [
    name,
    { shape: tensor.shape, values: tensor.dataSync() },
  ]);
  return Object.fromEntries(entries);
}

/**
 * All results, and the gradients of their sum weighted at random, with respect to all that is differentiable.
 *
 * @param scale Of x.
 */
function run(kernel: WasmKernel | null, problem: Problem, scale = 1): Record<string, Numbers> {
  const { cell, sequence } = prepare(problem, scale);
  let results: Record<string, Numbers> = {};
  const loss = () => {
    const tensors = listed(runSequence(kernel, cell, sequence, problem));
    results = numbersOf(tensors);
    const terms = Object.values(tensors).map((tensor, n) => tf.sum(tf.mul(tensor, randomTensor(tensor.shape, 90 + n))));
    return tf.addN(terms) as tf.Scalar;
  };
  const inputs = { x: sequence.x, ...(sequence.states && { h0: sequence.states[0], c0: sequence.states[1] }) };
  const weights = cell.weightFacts.map(({ property }) => [
    property,
    (cell as unknown as Record<string, tf.LayerVariable>)[property]?.read(),
  ]);
  const named: Record<string, tf.Tensor> = { ...inputs, ...Object.fromEntries(weights) };
  const { grads } = tf.engine().gradients(loss, Object.values(named), undefined, true);
  const gradients = Object.entries(named).map(([name, of], n) => [`d ${name}`, grads[n] ?? tf.zerosLike(of)]);
  // What is kept for the backward pass changes nothing.
  expect(numbersOf(listed(runSequence(kernel, cell, sequence, problem)))).toEqual(results);
  tf.dispose(cell.weights.map((weight) => weight.read()));
  return { ...results, ...numbersOf(Object.fromEntries(gradients)) };
}

function expectAgreement(kernel: WasmKernel, problem: Problem, isWanted = (_: Record<string, Numbers>) => true): void {
  tf.engine().startScope();
  try {
    const expected = run(null, problem);
    if (!isWanted(expected)) fc.pre(false);
    const received = run(kernel, problem);
    expect(Object.keys(received)).toEqual(Object.keys(expected));
    for (const [name, { shape, values }] of Object.entries(expected)) {
      const actual = received[name] as Numbers;
      expect([name, actual.shape]).toEqual([name, shape]);
      const error = relativeError(actual.values, values, 0.1);
      if (error <= TOLERANCE) continue;
      // What little more than rounding moves as far, as beside the kink of a clip, tells nothing of the kernel.
      const moved = [1 - 1e-6, 1 + 1e-6].map((scale) => run(null, problem, scale)[name]?.values as ArrayLike<number>);
      if (moved.some((one) => error <= 2 * relativeError(one, values, 0.1))) fc.pre(false);
      throw new Error(`${name} has a relative error of ${error}`);
    }
  } finally {
    tf.engine().endScope();
  }
}

/** Values that float32 can tell apart: peepholes of gates without a bound may square a state at every step. */
function areTame(numbers: Record<string, Numbers>): boolean {
  return Object.values(numbers).every(({ values }) =>
    Array.prototype.every.call(values, (value) => Math.abs(value) < 1000),
  );
}

beforeAll(allowRelaxedSimd);

describe.each(NODE_BACKENDS)('On %s, the fused kernel', (backend) => {
  beforeAll(() => useBackend(backend));

  test.each<Problem['args']>([
    {},
    { peepholes: false, forgetBias: 1 },
    { peepholes: false, coupled: true },
    { peepholes: false, cellClip: 0.5 },
    { peepholes: false, gateClip: 0.5 },
    { activation: 'relu', recurrentActivation: 'hardSigmoidKeras3', gateClip: 2, cellClip: 1.5, projectionUnits: 4 },
    { peepholes: false, projectionUnits: 9, projectionClip: 0.2 },
    { coupled: true, recurrentActivation: 'hardSigmoid', gateClip: 1.5, cellClip: 0.8, projectionUnits: 5 },
  ])('computes and differentiates %j as the plain path does', (args) => {
    for (const dropout of ['none', 'both'] as const) {
      expectAgreement(new WasmKernel(), { ...PLAIN, args, dropout });
      expectAgreement(new WasmKernel(), { ...PLAIN, args, dropout, isMasked: true, goBackwards: true });
    }
  });

  test.each(['simd', 'relaxed-simd'] as const)('does so for random cells and sequences, by the build %s', (build) => {
    const property = fc.property(problems(backend === 'wasm' ? 24 : 9), (problem) =>
      expectAgreement(new WasmKernel(build), problem, areTame),
    );
    fc.assert(property, { numRuns: backend === 'wasm' ? 30 : 8 });
  });

  test('makes gates, outputs and the gradient of x exactly 0 at masked steps', () => {
    tf.tidy(() => {
      const args = { coupled: true, cellClip: 0.5, projectionUnits: 3 };
      const layer = lstm({
        cell: peepholeCell({ ...args, units: 4, seed: 3 }),
        returnSequences: true,
        returnGates: true,
        zeroOutputForMask: true,
      });
      const x = randomTensor([2, 4, 3], 1);
      const mask = tf.tensor2d([1, 0, 1, 1, 0, 1, 0, 0], [2, 4], 'bool');
      const apply = (input: tf.Tensor) => layer.apply(input, { mask }) as tf.Tensor[];
      const { grads } = tf.engine().gradients(() => tf.addN(apply(x).map((y) => tf.sum(y))) as tf.Scalar, [x]);
      const [outputs, i, g, o] = apply(x);
      expect(layer.lastImplementation?.name).toMatch(/^wasm-/);
      for (const tensor of [outputs, i, g, o, grads[0]] as tf.Tensor[]) {
        const isZero = tf.all(tf.equal(tensor, 0), 2).dataSync();
        expect([...isZero]).toEqual([0, 1, 0, 0, 1, 0, 1, 1]);
      }
    });
  });

  test('is what a layer runs on, and says so', () => {
    const layer = lstm({ cell: peepholeCell({ units: 4, coupled: true, projectionUnits: 3 }), useFused: true });
    const x = randomTensor([2, 5, 3], 1);
    tf.dispose(layer.apply(x) as tf.Tensor);
    const before = tf.memory().numTensors;
    const [output, gradients] = [layer.apply(x), tf.variableGrads(() => tf.sum(layer.apply(x) as tf.Tensor))];
    expect(layer.lastImplementation?.name).toMatch(/^wasm-/);
    tf.dispose([output as tf.Tensor, gradients.value, gradients.grads]);
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose(x);
  });
});

/** Its output gate is always open. */
class OtherStepCell extends PeepholeCell {
  static override readonly className = 'OtherStepCell';
  override stepFromProjectedInput(...given: Parameters<PeepholeCell['stepFromProjectedInput']>) {
    const step = super.stepFromProjectedInput(...given);
    return { ...step, o: tf.onesLike(step.o as tf.Tensor2D) };
  }
}

class OtherInputCell extends PeepholeCell {
  static override readonly className = 'OtherInputCell';
  override projectInput(...given: Parameters<PeepholeCell['projectInput']>) {
    return tf.neg(super.projectInput(...given));
  }
}

class OtherWholeCell extends PeepholeCell {
  static override readonly className = 'OtherWholeCell';
  override step(...given: Parameters<PeepholeCell['step']>) {
    return super.step(...given);
  }
}

class RenamedCell extends PeepholeCell {
  static override readonly className = 'RenamedCell';
}

test('A derived cell with steps of its own runs by them, and one without on the fused kernel', async () => {
  await useBackend('cpu');
  tf.tidy(() => {
    for (const Cell of [OtherStepCell, OtherInputCell, OtherWholeCell]) {
      const layer = lstm({ cell: new Cell({ units: 4 }) });
      layer.apply(randomTensor([2, 5, 3], 1));
      const reason = `the cell of class ${Cell.className} computes its steps itself`;
      expect(layer.lastImplementation).toEqual({ name: 'reference', reason });
    }
    const renamed = lstm({ cell: new RenamedCell({ units: 4 }) });
    renamed.apply(randomTensor([2, 5, 3], 1));
    expect(renamed.lastImplementation?.name).toMatch(/^wasm-/);
  });
});

test("TensorFlow's ops refuse what a step has beyond the six equations, by name, and run a cell without", async () => {
  await useBackend('tensorflow');
  const kernel = new TensorFlowKernel();
  for (const addition of ['peepholes', 'coupled gates', 'clipping', 'a projection'] as const) {
    expect(kernel.refusal({ ...FUSED_PROBLEM, additions: [addition] })).toBe(
      `TensorFlow's ops are not run with ${addition}`,
    );
  }
  expect(kernel.refusal({ ...FUSED_PROBLEM, additions: [] })).toBeNull();
});

test('A peephole cell says what its steps have beyond the six equations', () => {
  const all = { coupled: true, gateClip: 1, projectionUnits: 2 };
  expect(peepholeCell({ units: 3, ...all }).fusedEquations?.additions).toEqual([
    'peepholes',
    'coupled gates',
    'clipping',
    'a projection',
  ]);
  expect(peepholeCell({ units: 3, peepholes: false, forgetBias: 1 }).fusedEquations?.additions).toEqual([]);
});
