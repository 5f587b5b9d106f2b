import { loadPackages } from '../../../src/plot/rendering/load-packages.js';
import { OPTIONAL_PACKAGES } from '../../../src/plot/rendering/optional-packages.js';

afterEach(() => {
  jest.restoreAllMocks();
});

test('Packages are loaded by name', async () => {
  const { vega, 'vega-lite': vegaLite } = await loadPackages('f', ['vega', 'vega-lite']);
  expect([typeof vega.View, typeof vegaLite.compile]).toEqual(['function', 'function']);
});

test('Missing packages are named, with what installs them', async () => {
  const cause = new Error('Cannot find package');
  jest.spyOn(OPTIONAL_PACKAGES, 'vega').mockRejectedValue(cause);
  jest.spyOn(OPTIONAL_PACKAGES, 'vega-lite').mockRejectedValue(cause);
  const names = ['vega', 'vega-lite', '@napi-rs/canvas'] as const;
  await expect(loadPackages('toPng', names)).rejects.toMatchObject({
    message: 'toPng: vega and vega-lite must be installed: npm install vega vega-lite',
    cause,
  });
});
