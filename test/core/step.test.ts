import * as tf from '@tensorflow/tfjs';
import {
  activationOfGate,
  type EquationsOfCell,
  type LSTMStep,
  lstmStep,
  projectInput,
  stepFromProjectedInput,
} from '../../src/core/step.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';
import { FLOAT64_ACTIVATIONS, float64LSTM } from '../support/float64-lstm.js';
import { randomTensor } from '../support/random.js';

const [SAMPLES, FEATURES, UNITS] = [3, 4, 2];

const named = (name: string, apply: (x: tf.Tensor) => tf.Tensor) => ({ apply, getClassName: () => name });

/** A cell whose two activations are not alike anywhere but in 0. */
function someCell(useBias: boolean): EquationsOfCell {
  const weight = (shape: number[], seed: number) => ({ read: () => randomTensor(shape, seed) }) as tf.LayerVariable;
  return {
    activation: named('softsign', (x) => tf.div(x, tf.add(1, tf.abs(x)))),
    recurrentActivation: named('sigmoid', tf.sigmoid),
    kernel: weight([FEATURES, 4 * UNITS], 1),
    recurrentKernel: weight([UNITS, 4 * UNITS], 2),
    bias: useBias ? weight([4 * UNITS], 3) : null,
  };
}

/** One timestep of each sample in float64, with values `[B, U]` in a row. */
function inFloat64(cell: EquationsOfCell, x: tf.Tensor2D, h: tf.Tensor2D, c: tf.Tensor2D) {
  const matrix = ({ kernel, recurrentKernel }: EquationsOfCell) => ({
    kernel: kernel.read().arraySync() as number[][],
    recurrentKernel: recurrentKernel.read().arraySync() as number[][],
  });
  const bias = (cell.bias?.read().arraySync() as number[]) ?? new Array(4 * UNITS).fill(0);
  const weights = { ...matrix(cell), bias };
  const steps = x.arraySync().map((features, sample) => {
    const states = { h0: h.arraySync()[sample] as number[], c0: c.arraySync()[sample] as number[] };
    const [activation, recurrentActivation] = ['softsign', 'sigmoid'] as const;
    return float64LSTM([features], weights, { activation, recurrentActivation, ...states })[0];
  });
  return (quantity: keyof LSTMStep) => steps.flatMap((step) => step?.[quantity] ?? []);
}

test('Of the gates, the candidate has the activation, and what is no gate has none', () => {
  const names = ['i', 'f', 'g', 'o', 'c', 'h', ''].map((gate) => activationOfGate(someCell(true), gate));
  expect(names).toEqual(['sigmoid', 'sigmoid', 'softsign', 'sigmoid', null, null, null]);
});

describe.each(NODE_BACKENDS)('On %s, a step', (backend) => {
  beforeAll(() => useBackend(backend));

  test('applies σ to i, f and o, and φ to g and to the new cell state', () => {
    tf.tidy(() => {
      const z = tf.tensor2d([[0.1, 0.2, 0.3, 0.4]]);
      const φ = (x: tf.Tensor2D) => tf.add(x, 10) as tf.Tensor2D;
      const σ = (x: tf.Tensor2D) => tf.mul(x, 2) as tf.Tensor2D;
      const step = lstmStep(z, tf.tensor2d([[5]]), { activation: φ, recurrentActivation: σ });
      expectClose(step.i, [0.2]);
      expectClose(step.f, [0.4]);
      expectClose(step.g, [10.3]);
      expectClose(step.o, [0.8]);
      expectClose(step.c, [0.4 * 5 + 0.2 * 10.3]);
      expectClose(step.h, [0.8 * (0.4 * 5 + 0.2 * 10.3 + 10)]);
    });
  });

  test('with a closed forget gate forgets everything, and with an open one and no input keeps everything', () => {
    tf.tidy(() => {
      const activations = { activation: tf.tanh, recurrentActivation: tf.sigmoid } as never;
      const c = tf.tensor2d([[3, -2]]);
      const forgotten = lstmStep(tf.tensor2d([[40, 40, -200, -200, 0.5, -0.5, 0, 0]]), c, activations);
      expectClose(forgotten.c, [Math.tanh(0.5), Math.tanh(-0.5)]);
      const kept = lstmStep(tf.tensor2d([[-200, -200, 40, 40, 0.5, -0.5, 0, 0]]), c, activations);
      expectClose(kept.c, [3, -2]);
    });
  });

  test.each([true, false])('of a cell, with a bias: %p, is that of a loop in float64', (useBias) => {
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const cell = someCell(useBias);
      const x = randomTensor<tf.Rank.R2>([SAMPLES, FEATURES], 4);
      const h = randomTensor<tf.Rank.R2>([SAMPLES, UNITS], 5);
      const c = randomTensor<tf.Rank.R2>([SAMPLES, UNITS], 6);
      const step = stepFromProjectedInput(cell, projectInput(cell, x, []), [h, c], []);
      const expected = inFloat64(cell, x, h, c);
      for (const quantity of ['i', 'f', 'g', 'o', 'c', 'h'] as const) {
        expect(step[quantity].shape).toEqual([SAMPLES, UNITS]);
        expectClose(step[quantity], expected(quantity));
      }
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  test('of a cell drops the input, the hidden state and the candidate each by its own dropout mask', () => {
    tf.tidy(() => {
      const cell = someCell(true);
      const x = randomTensor<tf.Rank.R2>([SAMPLES, FEATURES], 7);
      const h = randomTensor<tf.Rank.R2>([SAMPLES, UNITS], 8);
      const c = randomTensor<tf.Rank.R2>([SAMPLES, UNITS], 9);
      const dropX = randomTensor<tf.Rank.R2>([SAMPLES, FEATURES], 10);
      const dropH = randomTensor<tf.Rank.R2>([SAMPLES, UNITS], 11);
      const step = stepFromProjectedInput(cell, projectInput(cell, x, [dropX]), [h, c], [dropH], (g) => tf.mul(3, g));
      const expected = inFloat64(cell, tf.mul(x, dropX), tf.mul(h, dropH), c);
      const [i, f, g, o] = (['i', 'f', 'g', 'o'] as const).map(expected) as [number[], number[], number[], number[]];
      expectClose(step.f, f);
      expectClose(
        step.g,
        g.map((value) => 3 * value),
      );
      const newC = c.dataSync().map((value, n) => (f[n] as number) * value + 3 * (i[n] as number) * (g[n] as number));
      expectClose(step.c, [...newC]);
      const φ = FLOAT64_ACTIVATIONS.softsign as (x: number) => number;
      expectClose(
        step.h,
        [...newC].map((value, n) => (o[n] as number) * φ(value)),
      );
    });
  });
});
