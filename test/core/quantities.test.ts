import { byQuantity, gateSequencesOf, QUANTITIES, quantitiesOf } from '../../src/core/quantities.js';

test('The quantities of a trace are the gates in the order of their weights, then the states', () => {
  expect(QUANTITIES).toEqual(['i', 'f', 'g', 'o', 'c', 'h']);
});

test('A value for each quantity is made of its name and place', () => {
  expect(byQuantity((quantity, index) => `${quantity}${index}`)).toEqual({
    i: 'i0',
    f: 'f1',
    g: 'g2',
    o: 'o3',
    c: 'c4',
    h: 'h5',
  });
});

test.each([
  [
    ['i', 'f', 'g', 'o'],
    ['h', 'c'],
    ['i', 'f', 'g', 'o', 'c'],
  ],
  [['f', 'h', 'g'], ['h'], ['f', 'g']],
  [
    ['i', 'n'],
    ['h', 'c', 'n', 'm'],
    ['i', 'n', 'c', 'm'],
  ],
])('A cell of the gates %p and the states %p has each once, and h last', (gateNames, stateNames, without) => {
  expect(gateSequencesOf({ gateNames, stateNames })).toEqual(without);
  expect(quantitiesOf({ gateNames, stateNames })).toEqual([...without, 'h']);
});
