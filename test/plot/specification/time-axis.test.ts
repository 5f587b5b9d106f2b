import { timeAxis } from '../../../src/plot/specification/time-axis.js';

const labelled = (count: number, label: string | number, width?: number) =>
  timeAxis('f', count, { timeLabels: Array.from({ length: count }, () => label), ...(width && { width }) });

const angleOf = ({ channel }: { channel: Record<string, unknown> }) =>
  (channel.axis as { labelAngle?: number }).labelAngle;

const SCALE = { domain: [-0.5, 2.5], nice: false, zero: false };

test('Without labels, timesteps are whole numbers, each in the middle of its step', () => {
  expect(timeAxis('f', 3, {})).toEqual({
    width: 120,
    labels: null,
    params: [],
    channel: {
      type: 'quantitative',
      scale: SCALE,
      axis: { title: 'timestep', grid: false, tickMinStep: 1, format: 'd', labelOverlap: 'greedy' },
    },
  });
});

test('Labels are written by their index, such that white space can be seen', () => {
  const timeLabels = ['a', ' ', 7];
  for (const options of [{ timeLabels }, { labels: timeLabels }, { timeLabels, labels: ['no'] }]) {
    expect(timeAxis('f', 3, options)).toEqual({
      width: 120,
      labels: ['a', '␣', '7'],
      params: [{ name: 'timeLabels', value: ['a', '␣', '7'] }],
      channel: {
        type: 'quantitative',
        scale: SCALE,
        axis: {
          title: 'timestep',
          grid: false,
          tickMinStep: 1,
          format: 'd',
          labelOverlap: false,
          ticks: false,
          values: [0, 1, 2],
          labelExpr: 'timeLabels[datum.value]',
          labelAngle: 0,
          labelLimit: 90,
        },
      },
    });
  }
});

test.each([
  [3, 120],
  [5, 200],
  [9, 360],
  [100, 360],
  [180, 360],
  [181, 720],
])('A panel of %d timesteps is %d pixels wide', (timesteps, width) => {
  expect(timeAxis('f', timesteps, {}).width).toBe(width);
});

test('Letters and pairs stand upright, longer labels lie, and a panel grows with them', () => {
  for (const [count, label, width, angle] of [
    [50, 'a', 450, 0],
    [50, '😀', 450, 0],
    [30, 'ab', 420, 0],
    [40, 'abc', 480, -90],
    [40, 123, 480, -90],
  ] as const) {
    const axis = labelled(count, label);
    expect([axis.width, angleOf(axis)]).toEqual([width, angle]);
  }
  const mixed = timeAxis('f', 2, { timeLabels: ['abc', 'a'] });
  expect(angleOf(mixed)).toBe(-90);
});

test('Where there is no room for all labels, there are numbers, and no label on the axis', () => {
  expect([labelled(133, 'a').width, angleOf(labelled(133, 'a'))]).toEqual([1197, 0]);
  for (const axis of [labelled(134, 'a'), labelled(3, 'a', 26)]) {
    expect(angleOf(axis)).toBeUndefined();
    expect(axis.params).toEqual([]);
    expect(axis.labels?.[0]).toBe('a');
    expect(axis.channel.axis).not.toHaveProperty('labelExpr');
  }
  expect([labelled(134, 'a').width, labelled(3, 'a', 26).width]).toEqual([360, 26]);
  expect(angleOf(labelled(3, 'a', 27))).toBe(0);
});

test('Labels that are not as many as timesteps are refused', () => {
  expect(() => timeAxis('f', 3, { timeLabels: ['a', 'b'] })).toThrow(
    "f: timeLabels must be one for each of 3 timesteps, got '2 labels'",
  );
});
