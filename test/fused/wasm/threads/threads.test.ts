import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { FIELD } from '../../../../src/fused/wasm/binaries.js';
import { useThreads } from '../../../../src/fused/wasm/heap.js';
import { provideAdditions } from '../../../../src/fused/wasm/provide-additions.js';
import * as pauses from '../../../../src/fused/wasm/threads/pause.js';
import { WorkerPool } from '../../../../src/fused/wasm/threads/pool.js';
import * as splits from '../../../../src/fused/wasm/threads/split.js';
import { WasmThreads } from '../../../../src/fused/wasm/threads/threads.js';
import { WasmKernel } from '../../../../src/fused/wasm/wasm-kernel.js';
import { lstm } from '../../../../src/index.js';
import { peepholeCell } from '../../../../src/variants/index.js';
import { NODE_BACKENDS, type NodeBackend, useBackend } from '../../../../tools/backends.js';
import { randomTensor } from '../../../support/random.js';
import { cotangentsOf, type Problem, problems } from '../../support/problem.js';
import { allowRelaxedSimd } from '../../support/relaxed-simd.js';
import { tensorRun } from '../../support/tensor-run.js';
import { awaitWorkers } from './support/await-workers.js';

const BUILDS = ['simd', 'relaxed-simd'] as const;
const { split, splitColumns, splitSamples } = splits;

/** How the forward and the backward pass are divided. */
const WAYS = ['by samples', 'by units'] as const;
type Way = (typeof WAYS)[number];

let threads: WasmThreads;
const onLost = jest.fn();

beforeAll(async () => {
  allowRelaxedSimd();
  provideAdditions();
  threads = new WasmThreads(3, onLost);
  for (const backend of NODE_BACKENDS) {
    await useBackend(backend);
    for (const build of BUILDS) {
      await threads.prepare(build);
      await threads.prepare(`${build} with additions`);
    }
  }
});

afterEach(() => {
  useThreads(null);
  jest.restoreAllMocks();
  expect(onLost).not.toHaveBeenCalled();
});

afterAll(() => threads.end());

/** Divides calls of any size, the passes in the given way wherever it gives the same bits. */
function divideAll(way: Way, count: number): void {
  jest.spyOn(splits, 'isWorthSplitting').mockReturnValue(true);
  awaitWorkers();
  jest.spyOn(pauses, 'isWaitTooLong').mockReturnValue(false);
  jest.spyOn(splits, 'split').mockImplementation((name, fields) => {
    const batch = fields[FIELD.batch] as number;
    const rows = batch * (fields[FIELD.timesteps] as number);
    if ((name !== 'forward' && name !== 'backward') || rows < 4) return split(name, fields, count);
    if (way === 'by units')
      return fields[FIELD.projectionUnits] === 0 ? splitColumns(fields, count, rows / batch) : null;
    const parts = Math.min(count, Math.floor(batch / 4));
    return parts < 2 ? null : splitSamples(fields, parts);
  });
}

/** How many calls the threads have run, all of them to their end. */
let divided = 0;

function expectSameBits(run: () => unknown, way: Way, count: number): void {
  const expected = run();
  divideAll(way, count);
  const runs = jest.spyOn(WorkerPool.prototype, 'run');
  useThreads(threads);
  try {
    const received = run();
    divided += runs.mock.results.filter(({ value }) => value === true).length;
    expect(received).toEqual(expected);
  } finally {
    // A smaller problem is tried after one that failed.
    useThreads(null);
    jest.restoreAllMocks();
  }
}

describe.each(NODE_BACKENDS)('On %s', (backend: NodeBackend) => {
  beforeAll(() => useBackend(backend));

  test.each(BUILDS)('several threads compute the same bits as one, by the build %s', (build) => {
    const kernel = new WasmKernel(build);
    const property = fc.property(
      fc
        .tuple(problems(40), fc.constantFrom('tanh', 'relu', 'gelu'))
        .map(([problem, activation]): Problem => ({ ...problem, activation })),
      fc.constantFrom(...WAYS),
      fc.constantFrom(2, 3),
      (problem, way, count) => {
        expectSameBits(() => tensorRun(kernel, problem, cotangentsOf(problem)), way, count);
      },
    );
    divided = 0;
    const numRuns = backend === 'wasm' ? 40 : 10;
    fc.assert(property, { numRuns });
    expect(divided).toBeGreaterThan(numRuns);
  });
});

/** Of whole panels for each gate or not. */
const UNITS = [16, 64, 20];

describe.each(WAYS)('Divided %s', (way) => {
  test.each(NODE_BACKENDS)('weights that stay are packed once on %s, and results are the same', async (backend) => {
    await useBackend(backend);
    const property = fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom(...UNITS),
      fc.integer({ min: 2, max: 3 }),
      (batch, timesteps, features, units, count) => {
        fc.pre(batch * timesteps >= 4);
        tf.tidy(() => {
          const layer = lstm({ units, returnSequences: true, recurrentInitializer: 'glorotNormal', useFused: true });
          const xs = [1, 2, 3, 4].map((seed) => randomTensor([batch, timesteps, features], seed));
          const run = (x: tf.Tensor) => (layer.apply(x) as tf.Tensor).dataSync();
          const expected = xs.map(run);
          divideAll(way, count);
          const asked = jest.mocked(splits.split);
          useThreads(threads);
          try {
            expect(xs.map(run)).toEqual(expected);
            const packed = asked.mock.calls.map(([, fields]) => fields[FIELD.isRecurrentKernelPacked]);
            // Weights are known by the second call, and packed by the third; of other units, panels are each thread's own.
            if (backend !== 'tensorflow' || asked.mock.calls.length > 0) {
              expect(packed.slice(-2)).toEqual(units % 16 === 0 ? [1, 1] : [0, 0]);
            }
          } finally {
            useThreads(null);
            jest.restoreAllMocks();
          }
          tf.dispose(layer.getWeights());
        });
      },
    );
    fc.assert(property, { numRuns: 12 });
  });
});

test.each(WAYS)('steps with additions are the same, bit for bit, divided %s', async (way) => {
  await useBackend('wasm');
  const property = fc.property(
    fc.record({
      peepholes: fc.boolean(),
      coupled: fc.boolean(),
      cellClip: fc.constantFrom(undefined, 0.3),
      gateClip: fc.constantFrom(undefined, 0.4),
      projectionUnits: fc.constantFrom(undefined, 5),
      recurrentActivation: fc.constantFrom('sigmoid' as const, 'hardSigmoid' as const),
    }),
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 1, max: 40 }),
    (args, batch, units) => {
      const cell = peepholeCell({ ...args, units, recurrentInitializer: 'glorotNormal' });
      const layer = lstm({ cell, returnSequences: true, useFused: true });
      const x = randomTensor([batch, 4, 7], 5);
      layer.build([batch, 4, 7]);
      const variables = layer.trainableWeights.map((weight) => weight.read() as tf.Variable);
      const run = () =>
        tf.tidy(() => {
          const loss = () => tf.sum(tf.square(layer.apply(x) as tf.Tensor)) as tf.Scalar;
          const { value, grads } = tf.variableGrads(loss, variables);
          return [value, ...Object.values(grads)].map((tensor) => tensor.dataSync());
        });
      expectSameBits(run, way, 3);
      tf.dispose([x, ...variables]);
    },
  );
  fc.assert(property, { numRuns: 15 });
});
