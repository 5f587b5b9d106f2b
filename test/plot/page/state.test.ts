import { byQuantity } from '../../../src/core/quantities.js';
import { encodeValues } from '../../../src/plot/page/encoding.js';
import type { ReportData } from '../../../src/plot/page/report-data.js';
import { PageState } from '../../../src/plot/page/state.js';
import { toBase64 } from '../../../src/plot/rows/base64.js';

const KIND = { activation: 'tanh', recurrentActivation: 'sigmoid' };

/** Two samples of two layers; value n of quantity q is q + n. Unit 5 moves more than unit 3. */
const DATA: ReportData = {
  samples: ['first', 'second'],
  timeLabels: [['a', 'b', 'c'], null],
  layers: [
    {
      title: 'one',
      timesteps: 2,
      unitIndices: [3, 5],
      hasLabels: true,
      ...KIND,
      sequences: byQuantity((_, q) => encodeValues([0, 1, 0, 3, 4, 5, 6, 7].map((n) => q + n))),
      mask: toBase64(Uint8Array.from([1, 1, 0, 1])),
    },
    {
      title: 'two',
      timesteps: 1,
      unitIndices: [0],
      hasLabels: false,
      ...KIND,
      sequences: byQuantity(() => encodeValues([8, 9])),
      mask: null,
    },
  ],
};

test('A view is a sample of a layer, decoded', () => {
  const state = new PageState(DATA);
  expect(state.view).toMatchObject({ layer: 0, sample: 0, quantity: 'f', unit: 0, timestep: 0, order: [0, 1] });
  expect(state.view.labels).toEqual(['a', 'b']);
  expect([...(state.view.trace.values.f as Float32Array)]).toEqual([1, 2, 1, 4].map((v) => expect.closeTo(v, 3)));
  state.select({ sample: 1 });
  expect([...(state.view.trace.values.i as Float32Array)]).toEqual([4, 5, 6, 7].map((v) => expect.closeTo(v, 3)));
  expect(state.view.trace).toMatchObject({ valid: [false, true], unitIndices: [3, 5] });
  expect(state.view.labels).toBeNull();
});

test('Units are sorted as is asked for', () => {
  const state = new PageState(DATA);
  state.select({ sorting: 'activity' });
  expect(state.view.order).toEqual([1, 0]);
});

test('A selection stays within what there is', () => {
  const state = new PageState(DATA);
  state.select({ unit: 9, timestep: 9 });
  expect(state.view).toMatchObject({ unit: 1, timestep: 1 });
  state.select({ timestep: -3 });
  expect(state.view.timestep).toBe(0);
  state.select({ layer: 1, timestep: 1 });
  expect(state.view).toMatchObject({ layer: 1, unit: 0, timestep: 0, labels: null, order: [0] });
});

test('Listeners are told at once, then of what changed, and of nothing else', () => {
  const state = new PageState(DATA);
  const told: string[][] = [];
  state.onChange((_, changed) => told.push([...changed].sort()));
  state.select({ timestep: 1 });
  state.select({ timestep: 1 });
  state.select({ layer: 1, quantity: 'c' });
  expect(told[0]).toEqual(expect.arrayContaining(['layer', 'sample', 'timestep', 'unit']));
  expect(told.slice(1)).toEqual([['timestep'], ['layer', 'quantity', 'timestep']]);
});
