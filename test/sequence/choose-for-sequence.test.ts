import * as tf from '@tensorflow/tfjs';
import * as choose from '../../src/fused/choose.js';
import { lstm, lstmCell } from '../../src/index.js';
import { editGates } from '../../src/inspect/index.js';
import { LSTMCell } from '../../src/layers/lstm-cell.js';
import { observe } from '../../src/sequence/observe.js';
import { chooseForSequence } from '../../src/sequence/run-sequence.js';
import { useBackend } from '../../tools/backends.js';
import { randomTensor } from '../support/random.js';

beforeAll(() => useBackend('cpu'));

const WANTED = { where: 'test', layer: 'memory', useFused: 'auto', isTraining: false, keepsGates: false } as const;

/** What a fused kernel is asked for, or why none is. */
function problemOf(
  cell: LSTMCell,
  mask: tf.Tensor2D | null = null,
  wanted: Partial<Parameters<typeof chooseForSequence>[2]> = {},
): unknown {
  const asked = jest.spyOn(choose, 'chooseImplementation');
  try {
    tf.tidy(() => void chooseForSequence(cell, { x: { shape: [2, 5, 3] }, mask }, { ...WANTED, ...wanted }));
    return asked.mock.calls[0]?.[3];
  } finally {
    asked.mockRestore();
  }
}

/** A cell whose input gate is always open. */
class OpenCell extends LSTMCell {
  static override readonly className = 'OpenCell';
  override stepFromProjectedInput(...parameters: Parameters<LSTMCell['stepFromProjectedInput']>) {
    const step = super.stepFromProjectedInput(...parameters);
    return { ...step, i: tf.onesLike(step.i) };
  }
}

class OtherInputCell extends LSTMCell {
  static override readonly className = 'OtherInputCell';
  override projectInput(...parameters: Parameters<LSTMCell['projectInput']>) {
    return tf.neg(super.projectInput(...parameters));
  }
}

class OwnStepCell extends LSTMCell {
  static override readonly className = 'OwnStepCell';
  override step(...parameters: Parameters<LSTMCell['step']>) {
    return super.step(...parameters);
  }
}

class RenamedCell extends LSTMCell {
  static override readonly className = 'RenamedCell';
}

test('A problem tells all that a fused kernel has to compute', () => {
  const cell = lstmCell({ units: 4, dropout: 0.5 });
  expect(problemOf(cell)).toEqual({
    batch: 2,
    timesteps: 5,
    features: 3,
    units: 4,
    activation: 'tanh',
    recurrentActivation: 'hardSigmoid',
    isMasked: false,
    hasRecurrentDropout: false,
    keepsGates: false,
    takesGradients: false,
  });
  const gradientOf = tf.grad((x) => {
    expect(problemOf(cell)).toMatchObject({ takesGradients: true });
    return tf.sum(x);
  });
  gradientOf(tf.ones([2]));
  const mask = tf.ones([2, 5]) as tf.Tensor2D;
  expect(problemOf(cell, mask, { isTraining: true, keepsGates: true })).toMatchObject({
    isMasked: true,
    hasRecurrentDropout: false,
    keepsGates: true,
  });
  const other = lstmCell({ units: 4, recurrentDropout: 0.5, activation: 'relu', recurrentActivation: 'sigmoid' });
  expect(problemOf(other, null, { isTraining: true })).toMatchObject({
    activation: 'relu',
    recurrentActivation: 'sigmoid',
    hasRecurrentDropout: true,
  });
  expect(problemOf(other)).toMatchObject({ hasRecurrentDropout: false });
});

test('Gates that an observer keeps are wanted as well', () => {
  const cell = lstmCell({ units: 4 });
  const end = observe(cell, { keepsGates: true });
  expect(problemOf(cell)).toMatchObject({ keepsGates: true });
  end();
  expect(problemOf(cell)).toMatchObject({ keepsGates: false });
});

test('A cell that computes its steps itself is no problem for a fused kernel, and one that does not is', () => {
  expect(problemOf(new OpenCell({ units: 4 }))).toBe('the cell of class OpenCell computes its steps itself');
  expect(problemOf(new OtherInputCell({ units: 4 }))).toBe(
    'the cell of class OtherInputCell computes its steps itself',
  );
  expect(problemOf(new OwnStepCell({ units: 4 }))).toBe('the cell of class OwnStepCell computes its steps itself');
  expect(problemOf(new RenamedCell({ units: 4 }))).toMatchObject({ units: 4 });
});

test('What is drawn anew at each step is no problem for a fused kernel, where it is drawn', () => {
  for (const args of [{ zoneout: 0.1 }, { zoneoutCell: 0.1 }]) {
    const cell = lstmCell({ units: 4, ...args });
    for (const isTraining of [false, true]) expect(problemOf(cell, null, { isTraining })).toBe('zoneout is applied');
  }
  const cell = lstmCell({ units: 4, candidateDropout: 0.1 });
  expect(problemOf(cell, null, { isTraining: true })).toBe('the candidate is dropped out, step by step');
  expect(problemOf(cell)).toMatchObject({ units: 4 });
});

test('A backward pass step by step is asked for with gradients', () => {
  const cell = lstmCell({ units: 4 });
  expect(problemOf(cell, null, { goesBackBySteps: true })).toMatchObject({ takesGradients: true });
  expect(problemOf(cell, null, { goesBackBySteps: false })).toMatchObject({ takesGradients: false });
});

test('Edited gates are seen in what the layer returns, and told as the reason for the reference', () => {
  tf.tidy(() => {
    const layer = lstm({ units: 4 });
    const x = randomTensor([2, 5, 3], 1);
    const before = layer.apply(x) as tf.Tensor;
    const fused = layer.lastImplementation;
    const closed = editGates(
      layer,
      ({ o }) => ({ o: tf.zerosLike(o) }),
      () => layer.apply(x) as tf.Tensor,
    );
    expect(layer.lastImplementation).toEqual({ name: 'reference', reason: 'gates are being edited' });
    expect([...closed.dataSync()].every((value) => value === 0)).toBe(true);
    expect((layer.apply(x) as tf.Tensor).dataSync()).toEqual(before.dataSync());
    expect(layer.lastImplementation).toEqual(fused);
    expect(fused?.name).toMatch(/^wasm-/);
  });
});

test('A gradient of a gradient is that of the reference, and the layer tells so', () => {
  tf.tidy(() => {
    const layers = (['auto', false] as const).map((useFused) =>
      lstm({ units: 4, useFused, recurrentActivation: 'sigmoid' }),
    );
    const x = randomTensor([2, 5, 3], 1);
    for (const layer of layers) layer.apply(x);
    layers[1]?.setWeights((layers[0] as tf.layers.Layer).getWeights());
    const [received, expected] = layers.map((layer) => {
      const loss = (input: tf.Tensor) => tf.sum(tf.square(layer.apply(input) as tf.Tensor)) as tf.Scalar;
      return tf.grad((input) => tf.sum(tf.square(tf.grad(loss)(input))))(x);
    });
    expect(received?.dataSync()).toEqual(expected?.dataSync());
    expect(received?.dataSync().some((value) => value !== 0)).toBe(true);
    const reason = 'gradients of gradients are being computed';
    expect(layers[0]?.lastImplementation).toEqual({ name: 'reference', reason });
  });
});
