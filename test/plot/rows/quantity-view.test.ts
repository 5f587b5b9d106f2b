import { DIVERGING, SEQUENTIAL } from '../../../src/plot/rows/colours.js';
import { fractionOf, quantityView, symmetricView } from '../../../src/plot/rows/quantity-view.js';

const USUAL = { activation: 'tanh', recurrentActivation: 'hardSigmoid' };

test('What is bounded has its bounds as domain, whatever values there are', () => {
  for (const gate of ['i', 'f', 'o'] as const) {
    expect(quantityView(gate, USUAL, 0.2, 'light')).toEqual({ domain: [0, 1], ramp: SEQUENTIAL });
  }
  for (const state of ['g', 'h'] as const) {
    expect(quantityView(state, USUAL, 0.2, 'dark')).toEqual({ domain: [-1, 1], ramp: DIVERGING.dark });
  }
});

test('What is not bounded is symmetric about zero', () => {
  expect(quantityView('c', USUAL, 2.5, 'light').domain).toEqual([-2.5, 2.5]);
  expect(quantityView('g', { ...USUAL, activation: 'relu' }, 7, 'light').domain).toEqual([-7, 7]);
  expect(quantityView('i', { ...USUAL, recurrentActivation: 'linear' }, 3, 'light').domain).toEqual([-3, 3]);
  expect(quantityView('g', { ...USUAL, activation: 'sigmoid' }, 0.5, 'light').domain).toEqual([0, 1]);
  expect(quantityView('c', { ...USUAL, activation: 'sigmoid' }, 0.5, 'light').domain).toEqual([-0.5, 0.5]);
});

test('Of zeros only, the domain is one', () => {
  expect(quantityView('c', USUAL, 0, 'light').domain).toEqual([-1, 1]);
});

test('Softsign is bounded as tanh is, and every sigmoid', () => {
  expect(quantityView('h', { ...USUAL, activation: 'softsign' }, 3, 'light').domain).toEqual([-1, 1]);
  for (const recurrentActivation of ['sigmoid', 'hardSigmoid', 'hardSigmoidKeras3']) {
    expect(quantityView('o', { ...USUAL, recurrentActivation }, 3, 'light').domain).toEqual([0, 1]);
  }
});

test('A value lies at a fraction of its domain', () => {
  const view = symmetricView(4, 'dark');
  expect(view.ramp).toBe(DIVERGING.dark);
  expect([-4, 2, 8].map((value) => fractionOf(value, view))).toEqual([0, 0.75, 1.5]);
});
