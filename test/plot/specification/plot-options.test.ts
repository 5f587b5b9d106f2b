import { requirePlotOptions } from '../../../src/plot/specification/plot-options.js';

test('Options that all pictures share are checked', () => {
  const check = (options: object) => () => requirePlotOptions('f', options as never, ['sortUnits']);
  expect(check({ title: 't', theme: 'dark', width: 10, height: 0.5, sortUnits: 1 })).not.toThrow();
  expect(check({ theme: 'blue' })).toThrow("f: theme must be one of 'light', 'dark', got 'blue'");
  expect(check({ title: 3 })).toThrow('f: title must be a string, got 3');
  expect(check({ width: 0 })).toThrow('f: width must be a positive number of pixels, got 0');
  expect(check({ height: Number.POSITIVE_INFINITY })).toThrow('f: height must be a positive number of pixels, got Inf');
  expect(check({ sort_units: 1 })).toThrow("f: the option must be spelt 'sortUnits', got 'sort_units'");
  expect(check([])).toThrow('f: options must be an object, got []');
});
