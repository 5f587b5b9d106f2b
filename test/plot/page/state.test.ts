import { byQuantity, QUANTITIES } from '../../../src/core/quantities.js';
import { addressOf, addressOfView, selectionOf } from '../../../src/plot/page/address.js';
import { encodeSequences } from '../../../src/plot/page/encoding.js';
import type { ReportData } from '../../../src/plot/page/report-data.js';
import { PageState, spanOf } from '../../../src/plot/page/state.js';

/** [S, T, U] of each quantity. */
function encoded(valuesOf: (quantity: number) => number[], timesteps: number, width: number) {
  const given = byQuantity((_, q) => ({ values: Float32Array.from(valuesOf(q)), width }));
  return encodeSequences(given, { timesteps, bits: 16, samples: 2 });
}

const KIND = { activation: 'tanh', recurrentActivation: 'sigmoid' };

/** Two samples of two layers; value n of quantity q is q + n. Unit 5 moves more than unit 3. */
const DATA: ReportData = {
  samples: ['first', 'second'],
  timeLabels: [['a', 'b', 'c'], null],
  input: null,
  outputs: [],
  isLive: false,
  layers: [
    {
      title: 'one',
      timesteps: 2,
      unitIndices: [3, 5],
      hasLabels: true,
      ...KIND,
      quantities: [...QUANTITIES],
      sequences: encoded((q) => [0, 1, 0, 3, 4, 5, 6, 7].map((n) => q + n), 2, 2),
      derivesH: false,
      mask: Uint8Array.from([1, 1, 0, 1]),
    },
    {
      title: 'two',
      timesteps: 1,
      unitIndices: [0],
      hasLabels: false,
      ...KIND,
      quantities: [...QUANTITIES],
      sequences: encoded(() => [8, 9], 1, 1),
      derivesH: false,
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
  expect(told.slice(1)).toEqual([
    ['at', 'timestep'],
    ['at', 'layer', 'quantity', 'timestep'],
  ]);
});

test('What a pointer is over is told of, and leaves the selection as it is', () => {
  const state = new PageState(DATA);
  const told: string[][] = [];
  state.onChange((_, changed) => told.push([...changed]));
  state.hover({ timestep: 1 });
  expect(state.view).toMatchObject({ timestep: 0, at: { layer: 0, unit: 0, timestep: 1 } });
  state.hover({ timestep: 1 });
  state.hover(null);
  expect(state.view.at).toEqual({ layer: 0, unit: 0, timestep: 0 });
  expect(told.slice(1)).toEqual([['at'], ['at']]);
});

test('A unit is pinned once, whichever layer is looked at, and unpinned again', () => {
  const state = new PageState(DATA);
  state.togglePin({ layer: 0, unit: 1 });
  state.select({ layer: 1 });
  state.togglePin({ layer: 1, unit: 0 });
  expect(state.view.pins).toEqual([
    { layer: 0, unit: 1 },
    { layer: 1, unit: 0 },
  ]);
  state.togglePin({ layer: 0, unit: 1 });
  expect(state.view.pins).toEqual([{ layer: 1, unit: 0 }]);
});

test('A pin is a unit alone: to choose it keeps the rest as it is', () => {
  const state = new PageState(DATA);
  state.select({ unit: 1 });
  state.togglePin(state.view);
  state.select({ sample: 1, quantity: 'c', unit: 0 });
  const [pin] = state.view.pins;
  state.select(pin!);
  expect(state.view).toMatchObject({ sample: 1, quantity: 'c', unit: 1, pins: [{ layer: 0, unit: 1 }] });
});

test('One unit alone has those of its values that a layer has, and is read without the others', () => {
  const state = new PageState(DATA);
  const one = state.unitOf({ layer: 0, unit: 1 });
  expect(one).toMatchObject({ units: 1, unitIndices: [5], timesteps: 2 });
  expect([...(one.values.f as Float32Array)]).toEqual([2, 4].map((value) => expect.closeTo(value, 3)));
  expect(Object.keys(one.values)).toEqual([...QUANTITIES]);
});

test('Side by side are the layers that have the same steps', () => {
  const state = new PageState({ ...DATA, layers: [DATA.layers[0]!, DATA.layers[1]!, DATA.layers[0]!] });
  expect(state.view.shown).toEqual([0]);
  state.select({ areAllShown: true });
  expect(state.view.shown).toEqual([0, 2]);
  state.select({ layer: 1 });
  expect(state.view.shown).toEqual([1]);
});

test('A span has two ends, in either order, and is none where they are one', () => {
  const state = new PageState(DATA);
  state.select({ timestep: 0, spanStart: 1 });
  expect(spanOf(state.view)).toEqual({ first: 0, last: 1 });
  state.select({ timestep: 1 });
  expect(state.view.spanStart).toBeNull();
  expect(spanOf(state.view)).toEqual({ first: 1, last: 1 });
});

test('An address says where the explorer stands, and brings it back there', () => {
  const [first, second] = [new PageState(DATA), new PageState(DATA)];
  first.select({ sample: 1, quantity: 'c', unit: 1, timestep: 1, spanStart: 0, sorting: 'activity' });
  first.select({ pins: [{ layer: 0, unit: 1 }], areAllShown: true, isStretched: true });
  const address = addressOfView(first);
  expect(address).toBe('layer=0&sample=1&show=c&unit=5&step=1&from=0&order=activity&pins=0.5&layers=all&colours=usual');
  second.select(selectionOf(second, address));
  expect(addressOfView(second)).toBe(address);
});

test('Of an address that names what is not there, the rest counts', () => {
  const state = new PageState(DATA);
  const address = 'layer=7&sample=-1&show=z&unit=4&step=1&order=none&pins=0.9_1.0_x&colours=usual';
  expect(selectionOf(state, address)).toEqual({
    timestep: 1,
    spanStart: null,
    pins: [{ layer: 1, unit: 0 }],
    isStretched: true,
  });
  expect(selectionOf(state, addressOf({ layer: 1, unit: 0, quantity: 'h' }))).toEqual({
    layer: 1,
    unit: 0,
    quantity: 'h',
  });
});

const HOSTILE_ADDRESSES = [
  'pins=1e0.0_0x0.3_.3_0._-0.3_ 0.3_00.3_0.3.5_Infinity.3_NaN.NaN_0.1e999',
  'show=__proto__&unit=3',
  'show=constructor',
  'layer=1e0&sample=1e0&unit=0x3&step=1e0',
  'layer=-1&sample=NaN&step=Infinity',
  'layer=99999999999999999999&step=999999999999999999999',
  '__proto__=1&order=__proto__&constructor=prototype',
  'layer=%00&show=%3Cscript%3E&pins=%',
];

test.each(HOSTILE_ADDRESSES)('What the address %s says is passed over', (address) => {
  const state = new PageState(DATA);
  const before = addressOfView(state);
  state.select(selectionOf(state, address));
  expect(addressOfView(state)).toBe(before);
});

test('An address pins a unit once, however often it names it', () => {
  const state = new PageState(DATA);
  state.select(selectionOf(state, `pins=${Array.from({ length: 1000 }, () => '0.5').join('_')}`));
  expect(state.view.pins).toEqual([{ layer: 0, unit: 1 }]);
});

test('A step beyond the last one is the last one', () => {
  const state = new PageState(DATA);
  state.select(selectionOf(state, 'step=999999999&from=999999998'));
  expect(state.view).toMatchObject({ timestep: 1, spanStart: 1 });
});
