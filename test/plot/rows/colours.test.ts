import {
  CATEGORIES,
  channels,
  colourAt,
  DIVERGING,
  inkOn,
  NON_FINITE,
  SEQUENTIAL,
} from '../../../src/plot/rows/colours.js';

test('Colours between two are mixed, and beyond the ends they are the ends', () => {
  const ramp = ['#000000', '#ff8000', '#ffffff'];
  expect(colourAt(ramp, 0.25)).toEqual([128, 64, 0]);
  expect(colourAt(ramp, 0.5)).toEqual([255, 128, 0]);
  expect(colourAt(ramp, -1)).toEqual([0, 0, 0]);
  expect(colourAt(ramp, 2)).toEqual([255, 255, 255]);
});

function lightness([red, green, blue]: readonly number[]): number {
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

test('The sequential ramp rises in lightness, so that it can be read without colours', () => {
  const steps = Array.from({ length: 20 }, (_, n) => lightness(colourAt(SEQUENTIAL, n / 19)));
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
});

test.each(['light', 'dark'] as const)('The diverging ramp for %s is nearest to its background at zero', (theme) => {
  const steps = Array.from({ length: 21 }, (_, n) => lightness(colourAt(DIVERGING[theme], n / 20)));
  const extreme = theme === 'light' ? Math.max(...steps) : Math.min(...steps);
  expect(steps.indexOf(extreme)).toBe(10);
});

test.each(['light', 'dark'] as const)('Categories for %s are eight different colours', (theme) => {
  expect(new Set(CATEGORIES[theme]).size).toBe(8);
});

test('Letters are black on light colours and white on dark ones', () => {
  expect(inkOn([255, 255, 200])).toBe('#000000');
  expect(inkOn([40, 0, 80])).toBe('#ffffff');
});

/** As WCAG 2.2 computes it. */
function contrast(one: readonly number[], other: readonly number[]): number {
  const [darker, lighter] = [one, other]
    .map((colour) => {
      const [red, green, blue] = colour.map((c) => (c <= 10 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
    })
    .sort((a, b) => a - b);
  return (lighter! + 0.05) / (darker! + 0.05);
}

test('Letters can be read on every colour of every ramp', () => {
  expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21, 6);
  for (const ramp of [SEQUENTIAL, ...Object.values(DIVERGING)]) {
    for (let n = 0; n <= 500; n++) {
      const colour = colourAt(ramp, n / 500);
      expect(contrast(colour, channels(inkOn(colour)))).toBeGreaterThanOrEqual(4.5);
    }
  }
});

test('Every colour is written as red, green and blue in two digits each', () => {
  const tables = [SEQUENTIAL, ...Object.values(DIVERGING), ...Object.values(CATEGORIES), [NON_FINITE]];
  for (const colour of tables.flat()) expect(colour).toMatch(/^#[\da-f]{6}$/);
  expect(channels('#0a10ff')).toEqual([10, 16, 255]);
});

test('Neighbours in a ramp are about as far apart as all others', () => {
  for (const ramp of [SEQUENTIAL, ...Object.values(DIVERGING)]) {
    const colours = ramp.map(channels);
    const steps = colours.slice(1).map((colour, n) => Math.hypot(...colour.map((c, k) => c - colours[n]![k]!)));
    expect(Math.max(...steps) / Math.min(...steps)).toBeLessThan(4);
  }
});
