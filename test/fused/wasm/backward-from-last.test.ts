import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import type { RecordedInputs } from '../../../src/fused/fused-kernel.js';
import { setThreads } from '../../../src/fused/set-threads.js';
import { WasmKernel } from '../../../src/fused/wasm/wasm-kernel.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { expectClose } from '../../support/close.js';
import { randomTensor } from '../../support/random.js';
import { PLAIN_PROBLEM, type Problem, problems, recordedInputsOf } from '../support/problem.js';

const KERNEL = new WasmKernel();

/** The same samples several times, one copy of all after the other. */
function repeated(inputs: RecordedInputs, copies: number): RecordedInputs {
  const rows = <T extends tf.Tensor>(tensor: T) =>
    tf.tile(tensor, [copies, ...tensor.shape.slice(1).map(() => 1)]) as T;
  const { x, h0, c0, mask } = inputs;
  return { ...inputs, x: rows(x), h0: rows(h0), c0: rows(c0), mask: mask && rows(mask) };
}

function expectSameAsCopies(given: Problem, copies: number): void {
  tf.tidy(() => {
    const problem = { ...given, keepOutputs: false, keepGates: false };
    const inputs = recordedInputsOf(problem);
    const rows = copies * problem.batch;
    const dH = randomTensor<tf.Rank.R2>([rows, problem.units], problem.seed + 9);
    const { saved } = KERNEL.forward(inputs, problem, true);
    const received = KERNEL.backwardFromLast(inputs, problem, saved, dH);
    const all = repeated(inputs, copies);
    const none = tf.zerosLike(dH);
    const gradients = { lastOutput: none, h: dH, c: none, outputs: null, gates: null };
    const ofCopies = KERNEL.forward(all, problem, true).saved;
    expectClose(received, KERNEL.backward(all, problem, ofCopies, gradients).x(), 1e-6);
  });
}

const someProblem = fc
  .tuple(problems(9), fc.constantFrom('tanh', 'relu', 'softsign'))
  .map(([one, activation]): Problem => ({ ...one, activation, inputMasks: 0, recurrentMasks: 0 }));

describe.each(NODE_BACKENDS)('On %s, several gradients of the last h of each sample', (backend) => {
  beforeAll(() => useBackend(backend));

  test('lead to the gradients of x that those of as many copies of the samples lead to', () => {
    fc.assert(fc.property(someProblem, fc.integer({ min: 1, max: 5 }), expectSameAsCopies), { numRuns: 40 });
  });

  test('go back without a tensor left behind', () => {
    tf.tidy(() => {
      const inputs = recordedInputsOf(PLAIN_PROBLEM);
      const { saved } = KERNEL.forward(inputs, PLAIN_PROBLEM, true);
      const dH = randomTensor<tf.Rank.R2>([2 * PLAIN_PROBLEM.batch, PLAIN_PROBLEM.units], 5);
      const before = [tf.memory().numTensors, tf.memory().numDataBuffers];
      KERNEL.backwardFromLast(inputs, PLAIN_PROBLEM, saved, dH).dispose();
      expect([tf.memory().numTensors, tf.memory().numDataBuffers]).toEqual(before);
    });
  });
});

test('On threads, what several of them have kept is gone back over by one', async () => {
  await useBackend('cpu');
  expect(await setThreads(2)).toBe(2);
  try {
    // Large enough to be divided, so that the threads keep what the way back reads in a memory of theirs.
    const problem: Problem = {
      ...PLAIN_PROBLEM,
      batch: 16,
      timesteps: 30,
      features: 32,
      units: 64,
      mask: 'with holes',
    };
    tf.tidy(() => expect(KERNEL.forward(recordedInputsOf(problem), problem, true).saved[0]?.size).toBe(0));
    expectSameAsCopies(problem, 2);
  } finally {
    await setThreads(1);
  }
});
