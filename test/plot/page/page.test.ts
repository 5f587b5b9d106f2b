import { byQuantity, QUANTITIES } from '../../../src/core/quantities.js';
import { encodeValues } from '../../../src/plot/page/encoding.js';
import type { ReportData } from '../../../src/plot/page/report-data.js';
import { toBase64 } from '../../../src/plot/rows/base64.js';
import { type FakeElement, type FakePage, fakePage } from '../support/dom.js';

const IDS = [
  'data',
  'layer',
  'sample',
  'quantity',
  'sorting',
  'unit',
  'timestep',
  'text',
  'legend',
  'readout',
  'chart',
];
const MORE_IDS = ['map', 'heatmap', 'heatmap-overlay', 'ends', 'timeline'];
const KIND = { activation: 'tanh', recurrentActivation: 'sigmoid' };

/** [S, T, U] = [2, 3, 2] of the first layer. The second step of the second sample is masked, a value of c is NaN. */
const VALUES = {
  i: [0, 0.25, 0.5, 0.75, 1, 0.1, 0.9, 0.2, 0.8, 0.3, 0.7, 0.4],
  f: [1, 0, 0.5, 0.5, 0, 1, 0.25, 0.25, 0.25, 0.25, 0.75, 0.75],
  g: [-1, 1, -0.5, 0.5, 0, 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
  o: [0.5, 0.6, 0.7, 0.8, 0.9, 1, 0, 0.1, 0.2, 0.3, 0.4, 0.5],
  c: [2, -2, Number.NaN, 1, 0, 4, 1, 1, 1, 1, 1, 1],
  h: [0, 0, 0.5, 1, 0, -1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2],
};

const DATA: ReportData = {
  samples: ['first', 'second'],
  timeLabels: [['a', ' ', 'c'], null],
  layers: [
    {
      title: 'one',
      timesteps: 3,
      unitIndices: [3, 5],
      hasLabels: true,
      ...KIND,
      sequences: byQuantity((quantity) => encodeValues(VALUES[quantity])),
      mask: toBase64(Uint8Array.from([1, 1, 1, 1, 0, 1])),
    },
    {
      title: 'two',
      timesteps: 1,
      unitIndices: [0],
      hasLabels: false,
      ...KIND,
      sequences: byQuantity(() => encodeValues([0.5, 0.5])),
      mask: null,
    },
  ],
};

async function opened(data: ReportData = DATA): Promise<FakePage> {
  const page = fakePage([...IDS, ...MORE_IDS]);
  page.byId('data').textContent = JSON.stringify(data);
  jest.resetModules();
  await import('../../../src/plot/page/main.js');
  return page;
}

const texts = ({ children }: FakeElement) => children.map((child) => child.textContent);

/** Rows of the timeline by quantity: its title and its plot. */
function rowsOf(page: FakePage) {
  const { children } = page.byId('timeline');
  return Object.fromEntries(
    QUANTITIES.map((quantity, n) => [quantity, { title: children[2 * n]!, plot: children[2 * n + 1]! }]),
  );
}

const pathsOf = (plot: FakeElement, name: string) =>
  plot.children.filter(({ attributes }) => attributes.class === name).map(({ attributes }) => attributes.d);

/** Red, green and blue of each pixel of the heatmap, and its opacity. */
function pixelsOf(page: FakePage): number[][] {
  const { width, height, data } = page.byId('heatmap').image!;
  return Array.from({ length: width * height }, (_, n) => [...data.subarray(4 * n, 4 * n + 4)]);
}

test('Selections hold what there is', async () => {
  const page = await opened();
  expect(texts(page.byId('layer'))).toEqual(['one', 'two']);
  expect(page.byId('layer').children.map(({ attributes }) => attributes.value)).toEqual(['0', '1']);
  expect(texts(page.byId('sample'))).toEqual(['first', 'second']);
  expect(texts(page.byId('quantity'))).toEqual([
    'input gate i',
    'forget gate f',
    'candidate g',
    'output gate o',
    'cell state c',
    'hidden state h',
  ]);
  const valuesOf = (id: string) => page.byId(id).children.map(({ attributes }) => attributes.value);
  expect(valuesOf('sample')).toEqual(['0', '1']);
  expect(valuesOf('quantity')).toEqual([...QUANTITIES]);
  expect(valuesOf('unit')).toEqual(['0', '1']);
  expect(texts(page.byId('unit'))).toEqual(['unit 3', 'unit 5']);
  const ids = ['layer', 'sample', 'quantity', 'sorting', 'unit', 'timestep'];
  expect(ids.map((id) => page.byId(id).value)).toEqual(['0', '0', 'f', 'index', '0', '0']);
  expect(page.byId('timestep').max).toBe('2');
  expect(texts(page.byId('ends'))).toEqual(['timestep 0', '2']);
});

test('The readout tells every number at the cursor, which stands in the middle of a step', async () => {
  const page = await opened();
  expect(texts(page.byId('readout'))).toEqual([
    'timestep 0 “a”, unit 3',
    'i 0.000',
    'f 1.000',
    'g -1.000',
    'o 0.500',
    'c 2.000',
    'h 0.000',
  ]);
  page.byId('timestep').value = '1';
  page.byId('timestep').dispatch('input');
  expect(texts(page.byId('readout'))[0]).toBe('timestep 1 “␣”, unit 3');
  expect(texts(page.byId('readout'))[5]).toBe('c not finite');
  expect(page.byId('chart').properties['--cursor']).toBe('0.5');
  expect(page.byId('timestep').attributes['aria-valuetext']).toBe('timestep 1,  ');
});

test('A masked step has no numbers', async () => {
  const page = await opened();
  page.byId('sample').value = '1';
  page.byId('sample').dispatch('change');
  page.byId('timestep').value = '1';
  page.byId('timestep').dispatch('input');
  expect(texts(page.byId('readout'))).toEqual(['timestep 1, unit 3', 'masked']);
  expect(page.byId('text').hidden).toBe(true);
  expect(page.byId('timestep').attributes['aria-valuetext']).toBe('timestep 1');
  const masked = page.byId('heatmap-overlay').children.find(({ attributes }) => attributes.class === 'masked');
  expect(masked?.attributes).toMatchObject({ x: `${100 / 3}%`, width: `${100 / 3}%`, y: '0', height: '100%' });
  expect(pixelsOf(page).map(([, , , opacity]) => opacity)).toEqual([255, 0, 255, 255, 0, 255]);
  const { plot } = rowsOf(page).f!;
  expect(plot.children[0]!.attributes).toEqual({ x: '1', width: '1', y: '0', height: '100', class: 'masked-row' });
  expect(pathsOf(plot, 'line')).toEqual(['M0,75.00H1M2,25.00H3']);
});

test('The heatmap has a pixel a value, and its legend the ends of the scale', async () => {
  const page = await opened();
  const [dark, bright] = [
    [68, 1, 84, 255],
    [253, 231, 37, 255],
  ];
  const pixels = pixelsOf(page);
  expect([page.byId('heatmap').width, page.byId('heatmap').height]).toEqual([3, 2]);
  expect([pixels[0], pixels[2], pixels[3], pixels[5]]).toEqual([bright, dark, dark, bright]);
  expect(page.byId('map').properties['--rows']).toBe('2');
  expect(texts(page.byId('legend'))).toEqual(['0', '', '1']);
  expect(page.byId('legend').children[1]!.style.background).toBe(
    'linear-gradient(to right, #440154, #472d7b, #3b528b, #2c728e, #21918c, #28ae80, #5ec962, #addc30, #fde725)',
  );
  page.byId('quantity').value = 'c';
  page.byId('quantity').dispatch('change');
  // The second step of the first unit is NaN.
  expect(pixelsOf(page)[1]).toEqual([230, 25, 75, 255]);
  expect(texts(page.byId('legend'))).toEqual(['-4', '', '4']);
});

test('Where colours end below the largest value, the legend says so', async () => {
  const [one, two] = DATA.layers as [ReportData['layers'][0], ReportData['layers'][0]];
  const c = encodeValues([50, 1, 50, 1, 50, -1, 1, 1, 1, 1, 1, 1]);
  const page = await opened({ ...DATA, layers: [{ ...one, sequences: { ...one.sequences, c } }, two] });
  page.byId('quantity').value = 'c';
  page.byId('quantity').dispatch('change');
  expect(texts(page.byId('legend'))).toEqual(['≤ -1', '', '≥ 1; the largest is ±50']);
});

test('Lines are as wide as steps, with thresholds for gates and zero for the rest', async () => {
  const page = await opened();
  const { f, c, h } = rowsOf(page);
  expect(pathsOf(f!.plot, 'line')).toEqual(['M0,0.00H1L1,50.00H2L2,100.00H3']);
  expect(pathsOf(c!.plot, 'line')).toEqual(['M0,0.00H1M2,50.00H3']);
  expect(pathsOf(f!.plot, 'band')).toEqual([]);
  const levels = (plot: FakeElement) =>
    plot.children.filter(({ attributes }) => attributes.class === 'level').map(({ attributes }) => attributes);
  expect(levels(f!.plot).map(({ y1, y2, x1, x2 }) => [y1, y2, x1, x2])).toEqual([
    ['90.00', '90.00', '0', '3'],
    ['10.00', '10.00', '0', '3'],
  ]);
  expect(levels(h!.plot).map(({ y1 }) => y1)).toEqual(['50.00']);
  expect(f!.plot.attributes).toEqual({
    viewBox: '0 0 3 100',
    preserveAspectRatio: 'none',
    role: 'img',
    'aria-label': 'forget gate f of unit 3 over time',
  });
  expect(texts(f!.title)).toEqual(['f', '1', '0']);
  expect(texts(c!.title)).toEqual(['c', '2', '-2']);
  expect(c!.title.attributes).toEqual({ class: 'row-title', title: 'cell state c' });
});

test('A click and the keys choose a unit and a timestep', async () => {
  const page = await opened();
  page.byId('heatmap').dispatch('pointerdown', { clientX: 10 + 90, clientY: 20 + 40 });
  expect(texts(page.byId('readout'))[0]).toBe('timestep 2 “c”, unit 5');
  const row = page.byId('heatmap-overlay').children.find(({ attributes }) => attributes.class === 'chosen-row');
  expect(row?.attributes).toMatchObject({ x: '0', width: '100%', y: '50%', height: '50%' });
  expect(page.byId('heatmap').dispatch('keydown', { key: 'ArrowUp' }).isPrevented).toBe(true);
  page.byId('heatmap').dispatch('keydown', { key: 'ArrowLeft' });
  expect(texts(page.byId('readout'))[0]).toBe('timestep 1 “␣”, unit 3');
  page.byId('heatmap').dispatch('keydown', { key: 'ArrowDown' });
  page.byId('heatmap').dispatch('keydown', { key: 'ArrowRight' });
  page.byId('heatmap').dispatch('keydown', { key: 'ArrowDown' });
  expect(page.byId('heatmap').dispatch('keydown', { key: 'x' }).isPrevented).toBe(false);
  expect(texts(page.byId('readout'))[0]).toBe('timestep 2 “c”, unit 5');
  page.byId('heatmap').dispatch('pointerdown', { clientX: 10, clientY: 0 });
  expect(texts(page.byId('readout'))[0]).toBe('timestep 0 “a”, unit 3');
});

test('A pointer over the lines moves the cursor, beside them nothing', async () => {
  const page = await opened();
  const { plot, title } = rowsOf(page).g!;
  plot.dispatch('pointermove', { clientX: 10 + 50 });
  expect(page.byId('timestep').value).toBe('1');
  plot.dispatch('pointerdown', { clientX: 10 + 99 });
  expect(page.byId('timestep').value).toBe('2');
  title.dispatch('pointerdown', { clientX: 10 });
  expect(page.byId('timestep').value).toBe('2');
});

test('Labels are a text that the unit colours, and in which the cursor moves', async () => {
  const page = await opened();
  const text = page.byId('text');
  expect(texts(text)).toEqual(['a', '␣', 'c']);
  expect(text.children.map(({ attributes }) => attributes)).toEqual([
    { 'data-timestep': '0', id: 't0', role: 'option', 'aria-selected': 'true' },
    { 'data-timestep': '1', id: 't1', role: 'option', 'aria-selected': 'false' },
    { 'data-timestep': '2', id: 't2', role: 'option', 'aria-selected': 'false' },
  ]);
  expect(text.children.map(({ style }) => style.background)).toEqual([
    'rgb(253 231 37)',
    'rgb(33 145 140)',
    'rgb(68 1 84)',
  ]);
  expect(text.children.map(({ style }) => style.color)).toEqual(['#000000', '#ffffff', '#ffffff']);
  const selected = () => text.children.map(({ attributes }) => attributes['aria-selected']);
  expect(selected()).toEqual(['true', 'false', 'false']);
  text.children[2]!.dispatch('pointerdown');
  expect(selected()).toEqual(['false', 'false', 'true']);
  expect(text.attributes['aria-activedescendant']).toBe('t2');
  expect(text.dispatch('keydown', { key: 'ArrowLeft' }).isPrevented).toBe(true);
  expect(selected()).toEqual(['false', 'true', 'false']);
  text.dispatch('keydown', { key: 'ArrowRight' });
  text.dispatch('keydown', { key: 'ArrowUp' });
  text.dispatch('pointerdown');
  expect(selected()).toEqual(['false', 'false', 'true']);
  page.byId('quantity').value = 'c';
  page.byId('quantity').dispatch('change');
  expect(text.children[1]!.style).toMatchObject({ background: '', color: '' });
  expect([...text.children[1]!.classes]).toEqual([]);
});

test('Units are sorted, and stay chosen', async () => {
  const page = await opened();
  page.byId('unit').value = '1';
  page.byId('unit').dispatch('change');
  expect(texts(page.byId('readout'))[0]).toBe('timestep 0 “a”, unit 5');
  page.byId('sorting').value = 'activity';
  page.byId('sorting').dispatch('change');
  expect(texts(page.byId('unit'))).toEqual(['unit 5', 'unit 3']);
  expect(page.byId('unit').children.map(({ attributes }) => attributes.value)).toEqual(['1', '0']);
  expect(page.byId('unit').value).toBe('1');
});

test('Another layer is another picture, without labels', async () => {
  const page = await opened();
  page.byId('layer').value = '1';
  page.byId('layer').dispatch('change');
  expect([page.byId('heatmap').width, page.byId('heatmap').height]).toEqual([1, 1]);
  expect(page.byId('text').hidden).toBe(true);
  expect(texts(page.byId('text'))).toEqual([]);
  expect(page.byId('timestep').max).toBe('0');
  expect(texts(page.byId('ends'))).toEqual(['timestep 0', '0']);
});

test('In the dark, colours about zero are those for dark ground', async () => {
  const page = await opened();
  page.byId('quantity').value = 'h';
  page.byId('quantity').dispatch('change');
  const [light] = pixelsOf(page);
  page.setDark(true);
  const [dark] = pixelsOf(page);
  expect(Math.min(...light!.slice(0, 3))).toBeGreaterThan(240);
  expect(Math.max(...dark!.slice(0, 3))).toBeLessThan(60);
  expect(page.byId('legend').children[1]!.style.background).toContain('#202428');
  expect(page.byId('text').children[0]!.style.background).toBe('rgb(32 36 40)');
});

test('More steps than can be told apart are means within bands', async () => {
  const steps = Array.from({ length: 800 }, (_, t) => (t % 2 === 0 ? 0.25 : 0.75));
  const sequences = byQuantity(() => encodeValues(steps));
  const layer = { title: 'long', timesteps: 800, unitIndices: [0], hasLabels: false, ...KIND, sequences, mask: null };
  const page = await opened({ samples: ['0'], timeLabels: [null], layers: [layer] });
  const { plot } = rowsOf(page).f!;
  expect(pathsOf(plot, 'band')[0]).toMatch(/^M0,25\.00H2V75\.00H0ZM2,25\.00H4V75\.00H2Z/);
  expect(pathsOf(plot, 'line')[0]).toMatch(/^M0,50\.00H2L2,50\.00H4L4,/);
});

test('A report without a layer to draw does nothing', async () => {
  const page = await opened({ samples: [], timeLabels: [], layers: [] });
  expect(page.byId('layer').children).toEqual([]);
});

test('An element that the page lacks is named', async () => {
  const page = fakePage(IDS);
  page.byId('data').textContent = JSON.stringify(DATA);
  jest.resetModules();
  await expect(import('../../../src/plot/page/main.js')).rejects.toThrow('the report has no element #');
});
