import * as tf from '@tensorflow/tfjs';
import { janetCell, mLSTMCell, peepholeCell, sLSTMCell } from '../../src/variants/index.js';

describe('A variant refuses, with the reason,', () => {
  test.each([
    [
      'heads that do not divide the units',
      () => sLSTMCell({ units: 4, heads: 3 }),
      'sLSTMCell: units must be divisible by heads (3), got 4',
    ],
    [
      'heads that do not divide the units of mLSTM',
      () => mLSTMCell({ units: 6, heads: 4 }),
      'mLSTMCell: units must be divisible by heads (4), got 6',
    ],
    ['no heads', () => mLSTMCell({ units: 6, heads: 0 }), 'mLSTMCell: heads must be a positive integer, got 0'],
    [
      'another activation of exponential gates',
      () => sLSTMCell({ units: 4, recurrentActivation: 'hardSigmoid' }),
      "sLSTMCell: recurrentActivation must be 'sigmoid' or left out, because the input and the forget gate of sLSTM are exponential, got 'hardSigmoid'",
    ],
    [
      'dropout of a recurrent kernel that it does not have',
      () => mLSTMCell({ units: 4, recurrentDropout: 0.5 }),
      'mLSTMCell: recurrentDropout must be 0 or left out, because mLSTM has no recurrent kernel, got 0.5',
    ],
    [
      'an initializer of a recurrent kernel that it does not have',
      () => mLSTMCell({ units: 4, recurrentInitializer: 'zeros' }),
      "mLSTMCell: recurrentInitializer must be left out, because mLSTM has no recurrent kernel, got 'zeros'",
    ],
    [
      'an activation that nothing applies',
      () => mLSTMCell({ units: 4, activation: 'relu' }),
      "mLSTMCell: activation must be 'tanh' or left out, because mLSTM applies no activation to what it stores, got 'relu'",
    ],
    [
      'a forget bias without a forget gate of its own',
      () => peepholeCell({ units: 4, coupled: true, unitForgetBias: true }),
      'peepholeCell: unitForgetBias must be false or left out, because the forget gate has no bias, got true',
    ],
    [
      'a beta that is no number',
      () => janetCell({ units: 4, beta: Number.NaN }),
      'janetCell: beta must be a finite number, got NaN',
    ],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(message);
  });

  test('and takes what is as it must be, and saves nothing of it', () => {
    const cell = mLSTMCell({
      units: 4,
      heads: 2,
      activation: 'tanh',
      recurrentActivation: 'sigmoid',
      recurrentDropout: 0,
    });
    const config = cell.getConfig();
    expect(config).toMatchObject({ units: 4, heads: 2 });
    for (const name of ['activation', 'recurrentActivation', 'recurrentDropout', 'recurrentInitializer']) {
      expect(config).not.toHaveProperty(name);
    }
    expect(cell.recurrentActivation.getClassName()).toBe('sigmoid');
    expect(cell.recurrentKernel).toBeUndefined();
  });

  test('while it starts the forget gate with a bias of 1 wherever that gate lies', () => {
    tf.tidy(() => {
      const cell = mLSTMCell({ units: 4, heads: 2, unitForgetBias: true });
      cell.build([null, 3]);
      expect([...(cell.bias?.read().dataSync() ?? [])]).toEqual([...new Array(18).fill(0), 1, 1]);
      const janet = janetCell({ units: 2, unitForgetBias: true });
      janet.build([null, 3]);
      expect([...(janet.bias?.read().dataSync() ?? [])]).toEqual([1, 1, 0, 0]);
    });
  });
});
