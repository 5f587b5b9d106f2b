import type { FlowStatistics } from '../../../src/inspect/gradient/flow-types.js';
import { gradientFlowPlot } from '../../../src/plot/index.js';
import { drawn, parts, type Row, rowsOf, textsOf } from '../support/drawn.js';

/** What of the statistics a picture reads. */
const FLOW = {
  timesteps: 3,
  retained: [0.02, 0.2, 1],
  nonFinite: { count: 0, firstTimestep: null },
  verdict: 'vanishing',
  sentence: 'gradient halves every 3.1 steps',
  dh: [0.001, 0.01, 0.1],
  dc: [0.002, null, 0.2],
  dhRecurrent: [0.5, 0.25, 0],
  linearPath: [0.3, 0.2, 0.1],
  dz: { i: [1, 2, 3], f: [4, 5, 6], g: [7, 8, 9], o: [10, 11, 12] },
  shareThroughCell: [0.25, 0.5, null],
  shareOfLinearPath: [0.125, 0.5, 1],
} as unknown as FlowStatistics;

const valuesOf = (rows: Row[], line: string) => rows.filter(({ of }) => of === line).map(({ value }) => value);

test('Norms of states, gates and the shares are lines over time, below the verdict', async () => {
  const spec = parts(await gradientFlowPlot(FLOW, { labels: ['a', 'b', 'c'] }));
  const texts = textsOf(await drawn(spec));
  for (const text of ['verdict: vanishing', 'gradient halves every 3.1 steps'])
    expect(spec.title.subtitle).toContain(text);
  for (const text of ['timestep', 'L2 norm', 'share', 'a', 'b', 'c', 'linear path', 'gate f, dL/dz'])
    expect(texts).toContain(text);
  const [left, states, gates, shares] = spec.vconcat.map(rowsOf);
  expect(valuesOf(left, 'from the last loss term')).toEqual([0.02, 0.2, 1]);
  expect(states).toContainEqual({ of: 'hidden state, dL/dh', time: 1, steps: '1', label: 'b', value: 0.01 });
  expect(states).toContainEqual({ of: 'linear path', time: 2, steps: '2', label: 'c', value: 0.1 });
  expect(gates).toContainEqual({ of: 'gate g, dL/dz', time: 0, steps: '0', label: 'a', value: 7 });
  expect(gates).toHaveLength(12);
  expect(shares).toContainEqual({ of: 'next cell, f · dL/dc', time: 0, steps: '0', label: 'a', value: 0.25 });
  expect(spec.vconcat[1].encoding.y.scale).toMatchObject({
    type: 'log',
    domain: [expect.closeTo(0.0009, 9), expect.closeTo(0.55, 9)],
  });
});

test('What has no logarithm is left out', async () => {
  const spec = parts(await gradientFlowPlot(FLOW));
  const states = rowsOf(spec.vconcat[1]);
  expect(valuesOf(states, 'cell state, dL/dc')).toEqual([0.002, null, 0.2]);
  expect(valuesOf(states, 'h via later steps')).toEqual([0.5, 0.25, null]);
  const zeros = { ...FLOW, dh: [0, 0, 0], dc: [0, 0, 0], dhRecurrent: [0, 0, 0], linearPath: [null, null, null] };
  await drawn(await gradientFlowPlot({ ...zeros, verdict: null } as never));
});

test('What are no flow statistics is refused', async () => {
  await expect(gradientFlowPlot({ dh: [] } as never)).rejects.toThrow(
    'gradientFlowPlot: statistics must be a FlowStatistics',
  );
  await expect(gradientFlowPlot(FLOW, { labels: ['a'] })).rejects.toThrow(
    'timeLabels must be one for each of 3 timesteps',
  );
});
