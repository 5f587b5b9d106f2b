import * as tf from '@tensorflow/tfjs';
import { GATE_SEQUENCE_NAMES, type GateSequences, type ScanOptions } from '../../src/core/scan.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';
import { randomTensor } from '../support/random.js';
import { type LSTMScan, type LSTMStepFunction, scanLSTM } from './support/scan-lstm.js';

/** One unit that counts: c adds up the input, h is 10 c, and the gates are 1, 2, 3 and 4 times the input. */
const countingStep: LSTMStepFunction = (z, [, c]) => {
  const x = tf.slice(z, [0, 0], [z.shape[0], 1]) as tf.Tensor2D;
  const [i, f, g, o] = [1, 2, 3, 4].map((factor) => tf.mul(x, factor)) as [
    tf.Tensor2D,
    tf.Tensor2D,
    tf.Tensor2D,
    tf.Tensor2D,
  ];
  const sum = tf.add(c, x) as tf.Tensor2D;
  return { i, f, g, o, c: sum, h: tf.mul(sum, 10) };
};

/** Three units of which each depends on another one's state. */
const mixingStep: LSTMStepFunction = (z, [h, c]) => {
  const [i, f, g, o] = tf.split(z, 4, 1) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
  const sum = tf.add(c, tf.mul(tf.reverse(h, 1), i)) as tf.Tensor2D;
  return { i, f, g, o, c: sum, h: tf.tanh(tf.mul(sum, o)) };
};

function threeUnits() {
  return {
    stepInputs: tf.unstack(randomTensor([4, 2, 12], 1)) as tf.Tensor2D[],
    h0: randomTensor<tf.Rank.R2>([2, 3], 2),
    c0: randomTensor<tf.Rank.R2>([2, 3], 3),
    mask: null,
  };
}

const ALL: ScanOptions = { goBackwards: false, zeroOutputForMask: false, keepOutputs: true, keepGates: true };

/** Two samples of three steps: 1, 2, 3 and 10, 20, 30. */
function inputs(mask: number[][] | null = null) {
  const x = tf.tensor3d([
    [[1], [10]],
    [[2], [20]],
    [[3], [30]],
  ]);
  return {
    stepInputs: tf.unstack(tf.tile(x, [1, 1, 4])) as tf.Tensor2D[],
    h0: tf.tensor2d([[7], [8]]),
    c0: tf.tensor2d([[0], [100]]),
    mask: mask && tf.tensor2d(mask, [2, 3], 'bool'),
  };
}

describe.each(NODE_BACKENDS)('On %s, a scan', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('carries the states from step to step and keeps all outputs and gates', () => {
    const { lastOutput, h, c, outputs, gates } = scanLSTM(countingStep, inputs(), ALL);
    expectClose(c, [6, 160], 0);
    expectClose(h, [60, 1600], 0);
    expectClose(lastOutput, [60, 1600], 0);
    expect(outputs?.shape).toEqual([2, 3, 1]);
    expectClose(outputs as tf.Tensor, [10, 30, 60, 1100, 1300, 1600], 0);
    expectClose(gates?.i as tf.Tensor, [1, 2, 3, 10, 20, 30], 0);
    expectClose(gates?.f as tf.Tensor, [2, 4, 6, 20, 40, 60], 0);
    expectClose(gates?.g as tf.Tensor, [3, 6, 9, 30, 60, 90], 0);
    expectClose(gates?.o as tf.Tensor, [4, 8, 12, 40, 80, 120], 0);
    expectClose(gates?.c as tf.Tensor, [1, 3, 6, 110, 130, 160], 0);
  });

  test('keeps chosen units only, in the order asked for, and carries on with all of them', () => {
    const [whole, chosen] = [undefined, [2, 0]].map((keptUnits) =>
      scanLSTM(mixingStep, threeUnits(), { ...ALL, goBackwards: true, keptUnits }),
    ) as [LSTMScan, LSTMScan];
    for (const name of ['h', 'c', 'lastOutput'] as const) expectClose(chosen[name], whole[name], 0);
    const columns = (sequence: tf.Tensor) => tf.gather(sequence, [2, 0], 2);
    expectClose(chosen.outputs as tf.Tensor, columns(whole.outputs as tf.Tensor), 0);
    for (const name of GATE_SEQUENCE_NAMES) {
      expectClose((chosen.gates as GateSequences)[name], columns((whole.gates as GateSequences)[name]), 0);
    }
  });

  test('holds no more of a step that is past than the chosen units', () => {
    const bytes: number[] = [];
    const step: LSTMStepFunction = (z, states, t) => {
      bytes.push(tf.memory().numBytes);
      return mixingStep(z, states, t);
    };
    scanLSTM(step, threeUnits(), { ...ALL, keptUnits: [1] });
    // In float32: i, f, g, o, c and the output of one unit, for each of two samples.
    const heldForAStep = 6 * 2 * 4;
    expect(bytes[3]! - bytes[2]!).toBe(heldForAStep);
  });

  test('keeps nothing that is not asked for', () => {
    const { outputs, gates } = scanLSTM(countingStep, inputs(), { ...ALL, keepOutputs: false, keepGates: false });
    expect([outputs, gates]).toEqual([null, null]);
    const onlyGates = scanLSTM(countingStep, inputs(), { ...ALL, keepOutputs: false });
    expect(onlyGates.outputs).toBeNull();
    expect(onlyGates.gates).not.toBeNull();
  });

  test('reads backwards, and returns what it kept in the order of processing', () => {
    const { outputs, gates, c } = scanLSTM(countingStep, inputs(), { ...ALL, goBackwards: true });
    expectClose(c, [6, 160], 0);
    expectClose(outputs as tf.Tensor, [30, 50, 60, 1300, 1500, 1600], 0);
    expectClose(gates?.i as tf.Tensor, [3, 2, 1, 30, 20, 10], 0);
  });

  test('passes over masked steps: states are carried, gates are 0', () => {
    const mask = [
      [1, 0, 1],
      [0, 0, 1],
    ];
    const { outputs, gates, h, c } = scanLSTM(countingStep, inputs(mask), ALL);
    expectClose(outputs as tf.Tensor, [10, 10, 40, 8, 8, 1300], 0);
    expectClose(gates?.c as tf.Tensor, [1, 1, 4, 100, 100, 130], 0);
    expectClose(gates?.o as tf.Tensor, [4, 0, 12, 0, 0, 120], 0);
    expectClose(h, [40, 1300], 0);
    expectClose(c, [4, 130], 0);
  });

  test('outputs 0 at masked steps with zeroOutputForMask, and carries the states all the same', () => {
    const mask = [
      [1, 1, 0],
      [0, 1, 1],
    ];
    const { outputs, lastOutput, h } = scanLSTM(countingStep, inputs(mask), { ...ALL, zeroOutputForMask: true });
    expectClose(outputs as tf.Tensor, [10, 30, 0, 0, 1200, 1500], 0);
    expectClose(lastOutput, [0, 1500], 0);
    expectClose(h, [30, 1500], 0);
  });

  test("applies a mask to the input's timestep where it reads backwards", () => {
    const mask = [
      [1, 0, 0],
      [1, 1, 0],
    ];
    const { outputs } = scanLSTM(countingStep, inputs(mask), { ...ALL, goBackwards: true });
    expectClose(outputs as tf.Tensor, [7, 7, 10, 8, 1200, 1300], 0);
  });

  test('selects, so that what a masked step computes does not matter', () => {
    const broken: LSTMStepFunction = (z, states, t) => {
      const step = countingStep(z, states, t);
      return { ...step, c: tf.div(step.c as tf.Tensor2D, tf.sub(z, 2).slice([0, 0], [2, 1])) as tf.Tensor2D };
    };
    const { c } = scanLSTM(
      broken,
      inputs([
        [1, 0, 1],
        [1, 1, 1],
      ]),
      ALL,
    );
    expect([...c.dataSync()].every(Number.isFinite)).toBe(true);
  });

  test('leaves only its results behind', () => {
    const given = inputs([
      [1, 0, 1],
      [1, 1, 1],
    ]);
    const before = tf.memory().numTensors;
    const { outputs, gates, ...states } = scanLSTM(countingStep, given, { ...ALL, zeroOutputForMask: true });
    expect(tf.memory().numTensors - before).toBe(3 + 1 + 5);
    tf.dispose([outputs as tf.Tensor, ...Object.values(gates ?? {}), ...Object.values(states)]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test("tells a step the input's timestep", () => {
    const seen: number[] = [];
    const noting: LSTMStepFunction = (z, states, t) => {
      seen.push(t);
      return countingStep(z, states, t);
    };
    scanLSTM(noting, inputs(), ALL);
    scanLSTM(noting, inputs(), { ...ALL, goBackwards: true });
    expect(seen).toEqual([0, 1, 2, 2, 1, 0]);
  });

  test('of one step has gradients too', () => {
    const gradient = tf.grad((projectedInput: tf.Tensor) => {
      const { h } = scanLSTM(countingStep, { ...inputs(), stepInputs: [projectedInput as tf.Tensor2D] }, ALL);
      return tf.sum(h);
    })(tf.ones([2, 4]));
    expectClose(gradient, [10, 0, 0, 0, 10, 0, 0, 0], 0);
  });
});
