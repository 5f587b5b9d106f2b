import { byQuantity } from '../../../src/core/quantities.js';
import { describeStatistics, type GateStatistics, gateStatistics } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { traceOf } from '../support/traces.js';

const FINE = { mean: 0.5, std: 0.125, leftSaturated: [0, 0, 0, 0], rightSaturated: [0, 0, 0, 0], zeroGradient: null };
const VALUES = { mean: 0, std: 1, min: -1, max: 1 };

/** Four units of which nothing is to be said. */
const HEALTHY: GateStatistics = {
  units: 4,
  activation: 'tanh',
  recurrentActivation: 'sigmoid',
  validSteps: 60,
  low: 0.1,
  high: 0.9,
  i: FINE,
  f: FINE,
  o: FINE,
  g: VALUES,
  c: VALUES,
  h: VALUES,
  nonFinite: byQuantity(() => ({ count: 0, firstTimestep: null })),
  memoryHorizon: [4, 1, 3, 2.5],
};

function lineWith(text: string, part: string): string {
  return text.split('\n').find((line) => line.includes(part)) ?? `no line has '${part}' in\n${text}`;
}

test('A healthy layer is described as such', () => {
  expect(describeStatistics(HEALTHY, { layerName: 'lstm_1' })).toBe(
    [
      'LSTM lstm_1: 4 units, 60 valid steps (samples × timesteps)',
      '',
      '  input gate i   mean 0.5, std 0.125, no unit saturated',
      '  forget gate f  mean 0.5, std 0.125, no unit saturated',
      '  output gate o  mean 0.5, std 0.125, no unit saturated',
      '',
      '  memory horizon median 2.5, from 1 to 4 timesteps',
      '  every value is finite',
      '',
      'A unit, counted from 0, is listed if more than 90% of its values are closed (below 0.1) or open (above 0.9).',
      'Memory horizon: the number of timesteps after which 1/e of the cell state is left; 0 if it was ever emptied.',
    ].join('\n'),
  );
});

test('Saturated units are listed by gate, each with what it means', () => {
  const text = describeStatistics({
    ...HEALTHY,
    i: { ...FINE, leftSaturated: [1, 0, 0.95, 0.9], rightSaturated: [0, 0.91, 0, 0] },
    f: { ...FINE, rightSaturated: [1, 1, 1, 1] },
    o: { ...FINE, leftSaturated: [0, 0, 0, 1], zeroGradient: [0.95, 0, null, 0] },
  });
  expect(text.split('\n').slice(2, 10)).toEqual([
    '  input gate i   mean 0.5, std 0.125',
    '    closed in 2 of 4 units: 0, 2 (writes almost nothing to the cell state)',
    '    open in unit 1 (writes every candidate in full)',
    '  forget gate f  mean 0.5, std 0.125',
    '    open in all 4 units (keeps almost all of the cell state)',
    '  output gate o  mean 0.5, std 0.125',
    '    closed in unit 3 (hides the cell state from the output)',
    '    stuck in unit 0 (exactly 0 or 1, where no gradient passes)',
  ]);
});

test('The threshold of saturation can be set', () => {
  const statistics = { ...HEALTHY, i: { ...FINE, leftSaturated: [0.5, 0.6, 0.7, 0] } };
  const text = describeStatistics(statistics, { saturationThreshold: 0.5 });
  expect(lineWith(text, 'closed in')).toBe('    closed in 2 of 4 units: 1-2 (writes almost nothing to the cell state)');
  expect(lineWith(text, 'is listed')).toContain('more than 50% of its values');
  expect(describeStatistics(statistics)).not.toContain('closed in');
  const ever = describeStatistics(statistics, { saturationThreshold: 0 });
  expect(lineWith(ever, 'closed in')).toContain('closed in 3 of 4 units: 0-2');
});

test('The thresholds of the statistics are told', () => {
  const text = describeStatistics({ ...HEALTHY, low: 0.2, high: 0.75 });
  expect(lineWith(text, 'is listed')).toContain('are closed (below 0.2) or open (above 0.75)');
});

test('A horizon that is no number is told apart from the others', () => {
  const some = describeStatistics({ ...HEALTHY, memoryHorizon: [null, 10, 2, 1234.5] });
  expect(lineWith(some, 'median')).toBe(
    '  memory horizon median 10, from 2 to 1230 timesteps; infinite or undefined in unit 0',
  );
  const none = describeStatistics({ ...HEALTHY, memoryHorizon: [null, null, null, null] });
  expect(lineWith(none, 'memory horizon')).toBe('  memory horizon infinite or undefined in all 4 units');
});

test('Values that are not finite are told by quantity', () => {
  const nonFinite = { ...HEALTHY.nonFinite, g: { count: 1, firstTimestep: 7 }, h: { count: 12, firstTimestep: 0 } };
  const text = describeStatistics({ ...HEALTHY, nonFinite });
  expect(text.split('\n').filter((line) => line.includes('NaN'))).toEqual([
    '  not finite     1 value of g NaN or infinite, first at timestep 7',
    '  not finite     12 values of h NaN or infinite, first at timestep 0',
  ]);
  expect(text).not.toContain('every value is finite');
});

test('A gate without a finite value is not called unsaturated', () => {
  const nothing = [null, null, null, null];
  const f = { ...FINE, mean: null, std: null, leftSaturated: nothing, rightSaturated: nothing };
  expect(lineWith(describeStatistics({ ...HEALTHY, f }), 'forget gate')).toBe('  forget gate f  no finite value');
});

test('Statistics of no valid step are described in one line', () => {
  expect(describeStatistics({ ...HEALTHY, units: 1, validSteps: 0 })).toBe(
    'LSTM: 1 unit, no valid steps: the batch is empty or fully masked.',
  );
});

test('A trace is described by way of its statistics', async () => {
  await useBackend('cpu');
  const trace = traceOf({ f: [[[0.95, 0.5]], [[0.99, 0.5]]] });
  const text = describeStatistics(await gateStatistics(trace));
  expect(text).toContain('LSTM: 2 units, 2 valid steps');
  expect(lineWith(text, 'open in')).toBe('    open in unit 0 (keeps almost all of the cell state)');
  trace.dispose();
});

test('What is not statistics and a threshold outside [0, 1) are refused', () => {
  const rule = 'statistics must be a GateStatistics, the awaited result of gateStatistics';
  expect(() => describeStatistics(Promise.resolve() as never)).toThrow(
    new RangeError(`describeStatistics: ${rule}, got an object of class Promise with keys []`),
  );
  expect(() => describeStatistics(null as never)).toThrow(new RangeError(`describeStatistics: ${rule}, got null`));
  for (const saturationThreshold of [-0.1, 1, Number.NaN]) {
    expect(() => describeStatistics(HEALTHY, { saturationThreshold })).toThrow(
      `describeStatistics: saturationThreshold must be a number within [0, 1), got ${saturationThreshold}`,
    );
  }
});

test('The entries of a trace of a model tell directions, cells and calls apart, and pass as options', () => {
  const headingOf = (entry: object) => describeStatistics(HEALTHY, entry).split(':')[0];
  const entry = { layerName: 'm/a', direction: 'forward', cell: 0, call: 0, trace: {} };
  expect(headingOf(entry)).toBe('LSTM m/a');
  expect(headingOf({ ...entry, direction: 'backward' })).toBe('LSTM m/a (backward)');
  expect(headingOf({ ...entry, cell: 1, call: 2 })).toBe('LSTM m/a (cell 1, call 2)');
});

test.each([
  [{ saturationThreshold: '0.5' }, /saturationThreshold must be a number within \[0, 1\), got '0\.5'/],
  [{ layerName: 3 }, /layerName must be a string, got 3/],
  [{ direction: 'up' }, /direction must be 'forward' or 'backward', got 'up'/],
  [{ cell: '1' }, /cell must be an integer, got '1'/],
  [{ layer_name: 'a' }, /must be spelt 'layerName'/],
])('Options of another type are refused: %j', (options, message) => {
  expect(() => describeStatistics(HEALTHY, options as never)).toThrow(message);
});
