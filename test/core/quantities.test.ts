import { byQuantity, QUANTITIES } from '../../src/core/quantities.js';

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
