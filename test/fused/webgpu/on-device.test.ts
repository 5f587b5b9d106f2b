/** @jest-environment ./test/support/webgpu-environment.cjs */
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { WebGPUKernel } from '../../../src/fused/webgpu/webgpu-kernel.js';
import { type LSTM, lstm, prepareKernels } from '../../../src/index.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';
import { destroyDevice, deviceErrors, useWebGPU } from '../../support/webgpu.js';
import { float64Run } from '../support/float64-run.js';
import { FUSED_PROBLEM } from '../support/fused-problem.js';
import { cotangentsOf, PLAIN_PROBLEM, type Problem, problems } from '../support/problem.js';
import { expectRunsClose } from '../support/relative-error.js';
import { tensorRunInTime } from '../support/tensor-run.js';
import { WEBGPU_ACCURACY, WEBGPU_PROBLEMS } from './problems.js';

// Programs are compiled for the processor where there is no graphics card.
jest.setTimeout(120_000);

let errors: string[];

beforeAll(async () => {
  await useWebGPU();
  errors = deviceErrors();
});
afterEach(() => expect(errors).toEqual([]));
afterAll(() => destroyDevice());

async function expectAgreement(kernel: WebGPUKernel | null, problem: Problem): Promise<void> {
  const cotangents = cotangentsOf(problem);
  const expected = float64Run(problem, cotangents);
  // On either side of a kink, rounding decides which gradient there is.
  if (expected.distanceFromKink < 1e-5) return;
  const before = tf.memory().numTensors;
  const run = await tensorRunInTime(kernel, problem, cotangents);
  expect(tf.memory().numTensors).toBe(before);
  expectRunsClose(run, expected, WEBGPU_ACCURACY);
}

test.each(WEBGPU_PROBLEMS.map(([changes, mostWork], n) => [changes, mostWork, n] as const))(
  'The fused kernel of webgpu computes what float64 computes, forward and backward, in %j',
  (changes, mostWork, n) => expectAgreement(new WebGPUKernel(mostWork), { ...PLAIN_PROBLEM, seed: 31 + n, ...changes }),
);

test('It does so in random problems, cut into random pieces', async () => {
  const property = fc.asyncProperty(problems(9), fc.integer({ min: 1, max: 3000 }), (problem, mostWork) =>
    expectAgreement(new WebGPUKernel(mostWork), problem),
  );
  await fc.assert(property, { numRuns: 6 });
});

test('The reference does so on webgpu, too', () => expectAgreement(null, { ...PLAIN_PROBLEM, mask: 'with holes' }));

const CHECKING = 'the fused kernel is being checked';

describe('The device is checked', () => {
  test('once what it checks can run, and not before', async () => {
    const kernel = new WebGPUKernel();
    tf.env().set('WEBGPU_ENGINE_COMPILE_ONLY', true);
    await kernel.prepare();
    expect(kernel.refusal(FUSED_PROBLEM)).toBe('the flag WEBGPU_ENGINE_COMPILE_ONLY is true');
    tf.env().set('WEBGPU_ENGINE_COMPILE_ONLY', false);
    expect(kernel.refusal(FUSED_PROBLEM)).toBe(CHECKING);
    await kernel.prepare();
    expect(kernel.refusal(FUSED_PROBLEM)).toBeNull();
  });

  test('within a scope that ends before its results are read', async () => {
    const kernel = new WebGPUKernel();
    const before = tf.memory().numTensors;
    tf.engine().startScope();
    expect(kernel.refusal(FUSED_PROBLEM)).toBe(CHECKING);
    for (let n = 0; n < 3; n++) await Promise.resolve();
    tf.engine().endScope();
    await kernel.prepare();
    expect(kernel.refusal(FUSED_PROBLEM)).toBeNull();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('anew where another backend came in between, even one that is still being loaded', async () => {
    const kernel = new WebGPUKernel();
    const cpu = tf.findBackendFactory('cpu') as () => tf.KernelBackend;
    tf.registerBackend('slow', async () => cpu());
    expect(kernel.refusal(FUSED_PROBLEM)).toBe(CHECKING);
    const isThere = tf.setBackend('slow');
    await isThere;
    await tf.setBackend('webgpu');
    tf.removeBackend('slow');
    expect(kernel.refusal(FUSED_PROBLEM)).toBe(CHECKING);
    await kernel.prepare();
    expect(kernel.refusal(FUSED_PROBLEM)).toBeNull();
  });
});

describe('A layer on webgpu', () => {
  beforeAll(() => prepareKernels());

  function built(args: Partial<Parameters<typeof lstm>[0]> = {}): LSTM {
    const layer = lstm({ units: 5, ...args });
    layer.apply(tf.input(args.stateful ? { batchShape: [2, 3, 2] } : { shape: [null, 2] }));
    randomizeWeights(layer, 3);
    return layer;
  }
  const valuesOf = async (tensors: tf.Tensor[]) => {
    const values: number[][] = [];
    for (const tensor of tensors) values.push([...(await tensor.data())]);
    return values;
  };

  test('that was built on cpu computes what it computed there', async () => {
    await tf.setBackend('cpu');
    const layer = built({ returnSequences: true, returnState: true });
    const x = randomTensor([2, 3, 2], 7);
    const run = () => layer.apply(x) as tf.Tensor[];
    const expected = await valuesOf(run());
    await tf.setBackend('webgpu');
    const received = await valuesOf(run());
    expect(layer.lastImplementation).toEqual({ name: 'webgpu' });
    for (const [n, values] of expected.entries()) {
      for (const [k, value] of values.entries()) expect(received[n]?.[k]).toBeCloseTo(value, 5);
    }
  });

  test('returns nothing of no samples', () => {
    const layer = built({ returnSequences: true, returnState: true, useFused: true });
    const outputs = layer.apply(tf.zeros([0, 3, 2])) as tf.Tensor[];
    expect(outputs.map(({ shape }) => shape)).toEqual([
      [0, 3, 5],
      [0, 5],
      [0, 5],
    ]);
  });

  test('leaves no tensor behind where its program cannot be run', () => {
    const layer = built({ returnGates: true, useFused: true });
    const x = randomTensor([2, 3, 2], 7);
    const host = tf.backend() as tf.KernelBackend & { runWebGPUProgram(program: object, ...more: unknown[]): unknown };
    const { runWebGPUProgram } = host;
    const train = () => tf.variableGrads(() => tf.mean((layer.apply(x) as tf.Tensor[])[0] as tf.Tensor) as tf.Scalar);
    const before = tf.memory().numTensors;
    let ours = 0;
    host.runWebGPUProgram = function (program, ...more) {
      const { uniforms } = program as { uniforms?: string };
      if (uniforms?.includes('sizes : vec4<i32>') && ours++ === 0) throw new Error('no memory');
      return runWebGPUProgram.call(this, program, ...more);
    };
    try {
      expect(train).toThrow('no memory');
    } finally {
      host.runWebGPUProgram = runWebGPUProgram;
    }
    expect(ours).toBe(1);
    expect(tf.memory().numTensors).toBe(before);
  });
});

test('A backend that is registered again is another device, and is checked again', async () => {
  const kernel = new WebGPUKernel();
  await kernel.prepare();
  const open = tf.findBackendFactory('webgpu') as () => Promise<tf.KernelBackend>;
  destroyDevice();
  tf.removeBackend('webgpu');
  tf.registerBackend('webgpu', open);
  await tf.setBackend('webgpu');
  errors = deviceErrors();
  expect(kernel.refusal(FUSED_PROBLEM)).toBe(CHECKING);
  await kernel.prepare();
  expect(kernel.refusal(FUSED_PROBLEM)).toBeNull();
  await expectAgreement(kernel, PLAIN_PROBLEM);
});
