import { GateSaturation } from '../../../src/inspect/statistics/gate-saturation.js';

function saturationOf(values: number[], recurrentActivation: string) {
  const saturation = new GateSaturation(2, recurrentActivation, { low: 0.25, high: 0.5 });
  for (const value of values) saturation.add(value, 1);
  return saturation.result();
}

test('A gate is closed below the low threshold and open above the high one', () => {
  expect(saturationOf([0, 0.2, 0.25, 0.5, 0.6], 'sigmoid')).toEqual({
    leftSaturated: [null, 0.4],
    rightSaturated: [null, 0.2],
    zeroGradient: null,
  });
});

test.each(['hardSigmoid', 'hardSigmoidKeras3'])('A %s gate has no gradient at exactly 0 and 1', (name) => {
  expect(saturationOf([0, 1, 1, 0.99999, 1e-30], name).zeroGradient).toEqual([null, 0.6]);
});
