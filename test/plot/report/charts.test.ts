import type { FlowStatistics } from '../../../src/inspect/index.js';
import { flowChart, horizonChart, retainedChart, saturationChart } from '../../../src/plot/report/charts.js';
import { placesOf, tagsOf } from '../support/markup.js';
import { STATISTICS } from '../support/statistics.js';

// A picture is 240 x 180, what is drawn in it within x from 46 to 230 and y from 8 to 144.

const pathOf = (svg: string, name: string) =>
  tagsOf(svg, 'path').find(({ attributes }) => attributes.class === name)?.attributes.d;

const dotsOf = (svg: string) =>
  tagsOf(svg, 'path').flatMap(({ attributes: { class: kind, ...rest } }) => (kind === 'dots' ? [rest] : []));

const nowhere = { address: null, isDrawn: () => true };

test('The dots of units that are drawn have the address that the number of a unit is added to', () => {
  const links = { address: '#show=i', isDrawn: (unit: number) => unit !== 1 };
  expect(dotsOf(saturationChart('i', STATISTICS.i, 0.75, links))).toEqual([
    { d: 'M138.00 110.00h0M46.00 14.80h0', 'data-units': '0 2', 'data-address': '#show=i' },
    { d: 'M69.00 144.00h0', 'data-units': '1' },
  ]);
});

test('A dot of saturation is right where a gate is open and high where it is closed', () => {
  expect(dotsOf(saturationChart('i', STATISTICS.i, 0.75, nowhere))).toEqual([
    { d: 'M138.00 110.00h0M69.00 144.00h0M46.00 14.80h0', 'data-units': '0 1 2' },
  ]);
  expect(dotsOf(saturationChart('f', STATISTICS.f, 0.75, nowhere))).toEqual([
    { d: 'M230.00 144.00h0M92.00 42.00h0', 'data-units': '0 1' },
  ]);
});

test('Saturation has its axes, the line where nothing is between, and those beyond which a gate is stuck', () => {
  const svg = saturationChart('o', STATISTICS.o, 0.75, nowhere);
  const [picture] = tagsOf(svg, 'svg');
  expect(picture?.attributes).toEqual({ viewBox: '0 0 240 180', role: 'img', 'aria-label': 'Saturation of gate o' });
  expect(tagsOf(svg, 'rect').map(({ attributes }) => attributes)).toEqual([
    { class: 'frame', x: '46', y: '8', width: '184', height: '136' },
  ]);
  expect(pathOf(svg, 'diagonal')).toBe('M46.0 8.0L230.0 144.0');
  expect(pathOf(svg, 'guide')).toBe('M184.0 144.0V110.0M46.0 42.0H92.0');
  expect(tagsOf(svg, 'text')).toEqual([
    { attributes: { x: '46.0', y: '158', 'text-anchor': 'middle' }, text: '0' },
    { attributes: { x: '138.0', y: '158', 'text-anchor': 'middle' }, text: '0.5' },
    { attributes: { x: '230.0', y: '158', 'text-anchor': 'middle' }, text: '1' },
    { attributes: { x: '42', y: '148', 'text-anchor': 'end' }, text: '0' },
    { attributes: { x: '42', y: '80', 'text-anchor': 'end' }, text: '0.5' },
    { attributes: { x: '42', y: '12', 'text-anchor': 'end' }, text: '1' },
    { attributes: { x: '138', y: '174', 'text-anchor': 'middle' }, text: 'right-saturated (open)' },
    {
      attributes: { transform: 'translate(12 76) rotate(-90)', 'text-anchor': 'middle' },
      text: 'left-saturated (closed)',
    },
  ]);
});

/** Horizons of 1 and 16 timesteps are four octaves apart, so that a bin is a quarter of one: 1 to 1.189, 16 to 19.03. */
const HORIZONS = { ...STATISTICS, memoryHorizon: [1, 16, 1, null] };

test('Bars of memory horizons stand on a logarithmic scale, as high as there are units', () => {
  const svg = horizonChart(HORIZONS, 4);
  const bars = tagsOf(svg, 'rect').filter(({ attributes }) => attributes.class === 'bar');
  expect(bars).toEqual([
    {
      attributes: { class: 'bar', x: '46.0', y: '8.0', width: '10.3', height: '136.0' },
      text: '2 units: 1 to 1.189 timesteps',
    },
    {
      attributes: { class: 'bar', x: '219.2', y: '76.0', width: '10.3', height: '68.0' },
      text: '1 unit: 16 to 19.03 timesteps',
    },
  ]);
  expect(tagsOf(svg, 'svg')[0]?.attributes['aria-label']).toBe('Memory horizons');
  expect(pathOf(svg, 'guide')).toBe('M132.6 144.0V8.0');
  expect(tagsOf(svg, 'text')).toEqual([
    { attributes: { x: '135.6', y: '20', 'text-anchor': 'start' }, text: 'T = 4' },
    ...[
      ['46.0', '1'],
      ['89.3', '2'],
      ['132.6', '4'],
      ['175.9', '8'],
      ['219.2', '16'],
    ].map(([x, text]) => ({ attributes: { x, y: '158', 'text-anchor': 'middle' }, text })),
    { attributes: { x: '42', y: '148', 'text-anchor': 'end' }, text: '0' },
    { attributes: { x: '42', y: '12', 'text-anchor': 'end' }, text: '2' },
    { attributes: { x: '138', y: '174', 'text-anchor': 'middle' }, text: 'memory horizon (timesteps)' },
    { attributes: { transform: 'translate(12 76) rotate(-90)', 'text-anchor': 'middle' }, text: 'units' },
  ]);
});

test('The length of long sequences is named to the left of its line', () => {
  const svg = horizonChart(HORIZONS, 16);
  expect(tagsOf(svg, 'text')[0]).toEqual({
    attributes: { x: '216.2', y: '20', 'text-anchor': 'end' },
    text: 'T = 16',
  });
});

test('Without a finite horizon there is no picture', () => {
  expect(horizonChart({ ...STATISTICS, memoryHorizon: [null, null] }, 4)).toBe('');
});

const flow = (parts: object) => parts as FlowStatistics;

test('Norms of the gradient are two lines on a logarithmic scale, which break where there is nothing', () => {
  // From 0.9 times the smallest to 1.1 times the largest; a step is a quarter of the width.
  const svg = flowChart(flow({ timesteps: 4, dh: [0.001, null, 0.1, 1], dc: [0, 0.01, 10, 0] }));
  expect(tagsOf(svg, 'svg')[0]?.attributes['aria-label']).toBe('Gradient norms over time');
  expect(pathOf(svg, 'curve')).toBe('M50.6 142.5L69.0 142.5M142.6 75.9L161.0 75.9L207.0 42.7');
  expect(pathOf(svg, 'curve second')).toBe('M96.6 109.2L115.0 109.2L161.0 9.4');
  expect(tagsOf(svg, 'text')).toEqual([
    { attributes: { class: 'key-first', x: '52', y: '22' }, text: 'dL/dh' },
    { attributes: { class: 'key-second', x: '92', y: '22' }, text: 'dL/dc' },
    { attributes: { x: '69.0', y: '158', 'text-anchor': 'middle' }, text: '0' },
    { attributes: { x: '115.0', y: '158', 'text-anchor': 'middle' }, text: '1' },
    { attributes: { x: '207.0', y: '158', 'text-anchor': 'middle' }, text: '3' },
    { attributes: { x: '42', y: '146.5', 'text-anchor': 'end' }, text: '1e-3' },
    { attributes: { x: '42', y: '113.2', 'text-anchor': 'end' }, text: '1e-2' },
    { attributes: { x: '42', y: '79.9', 'text-anchor': 'end' }, text: '1e-1' },
    { attributes: { x: '42', y: '46.7', 'text-anchor': 'end' }, text: '1e0' },
    { attributes: { x: '42', y: '13.4', 'text-anchor': 'end' }, text: '1e1' },
    { attributes: { x: '138', y: '174', 'text-anchor': 'middle' }, text: 'timestep' },
    { attributes: { transform: 'translate(12 76) rotate(-90)', 'text-anchor': 'middle' }, text: 'L2 norm' },
  ]);
});

test('What is left of the gradient is one line, which needs no key', () => {
  const svg = retainedChart(flow({ timesteps: 3, retained: [0.02, 0.2, 1] }));
  expect(tagsOf(svg, 'svg')[0]?.attributes['aria-label']).toBe('Gradient on its way back');
  expect(pathOf(svg, 'curve')).toBe('M52.1 140.5L76.7 140.5L138.0 64.4L199.3 11.2');
  expect(tagsOf(svg, 'path')).toHaveLength(1);
  expect(placesOf(svg, 'x')).toEqual({
    0: '76.7',
    1: '138.0',
    2: '199.3',
    '1e-1': '42',
    '1e0': '42',
    timestep: '138',
    'of its size': undefined,
  });
});

test('Of six labels that an axis would have, every second is written', () => {
  const svg = flowChart(flow({ timesteps: 2, dh: [1e-5, 1], dc: [null, null] }));
  const sides = tagsOf(svg, 'text').filter(({ attributes }) => attributes['text-anchor'] === 'end');
  expect(sides.map(({ text }) => text)).toEqual(['1e-5', '1e-3', '1e-1']);
});

test('Without any gradient there is no picture', () => {
  expect(flowChart(flow({ timesteps: 2, dh: [0, null], dc: [null, 0] }))).toBe('');
  expect(retainedChart(flow({ timesteps: 1, retained: [null] }))).toBe('');
});
