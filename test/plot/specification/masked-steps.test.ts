import { exceptionKey, maskedSteps } from '../../../src/plot/specification/masked-steps.js';
import { timeAxis } from '../../../src/plot/specification/time-axis.js';

test('Masked steps are bands over the whole panel, with a line for each step across', () => {
  const time = timeAxis('f', 4, {});
  const x = { ...time.channel, field: 'start' };
  expect(maskedSteps([true, false, false, true], time, 50, 'light')).toEqual([
    {
      data: { values: [{ start: 0.5, end: 2.5, masked: 'timesteps 1 to 2' }] },
      mark: { type: 'rect', color: '#e4e7ea' },
      encoding: {
        x,
        x2: { field: 'end' },
        y: { value: 0 },
        y2: { value: 50 },
        tooltip: [{ field: 'masked', type: 'nominal', title: 'masked' }],
      },
    },
    {
      data: {
        values: [
          { start: 0.5, end: 1.5 },
          { start: 1.5, end: 2.5 },
        ],
      },
      mark: { type: 'rule', color: '#a9b1ba', strokeWidth: 0.7, tooltip: null },
      encoding: { x, x2: { field: 'end' }, y: { value: 50 }, y2: { value: 0 } },
    },
  ]);
  expect(maskedSteps([true, true], time, 50, 'light')).toEqual([]);
});

test('In the dark they are dark, and narrow steps share a line', () => {
  // A pixel a step, and six between lines.
  const valid = Array.from({ length: 100 }, (_, t) => t !== 3 && (t < 10 || t > 21));
  const [band, lines] = maskedSteps(valid, timeAxis('f', 100, { width: 100 }), 50, 'dark');
  expect(band).toMatchObject({
    mark: { color: '#2b3036' },
    data: {
      values: [
        { start: 2.5, end: 3.5, masked: 'timestep 3' },
        { start: 9.5, end: 21.5, masked: 'timesteps 10 to 21' },
      ],
    },
  });
  expect(lines).toMatchObject({ mark: { color: '#5c6670' } });
  expect((lines as { data: unknown }).data).toEqual({
    values: [
      { start: 2.5, end: 3.5 },
      { start: 9.5, end: 15.5 },
      { start: 15.5, end: 21.5 },
    ],
  });
});

test('The key names the colours that no scale has, and only those that are there', () => {
  const keyOf = (masked: boolean, nonFinite: boolean) => exceptionKey({ masked, nonFinite }, 'light');
  expect(keyOf(false, false)).toEqual([]);
  expect(keyOf(true, true)).toEqual([
    {
      data: { values: [] },
      mark: { type: 'point', filled: true },
      encoding: {
        fill: {
          field: 'key',
          type: 'nominal',
          scale: { domain: ['masked', 'NaN or infinite'], range: ['#e4e7ea', '#e6194b'] },
          legend: { title: null, symbolType: 'square', symbolSize: 120, symbolStrokeWidth: 0, symbolOpacity: 1 },
        },
      },
    },
  ]);
  expect(keyOf(true, false)).toMatchObject([{ encoding: { fill: { scale: { domain: ['masked'] } } } }]);
  expect(keyOf(false, true)).toMatchObject([
    { encoding: { fill: { scale: { domain: ['NaN or infinite'], range: ['#e6194b'] } } } },
  ]);
});
