import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { toSvg } from '../../src/plot/index.js';
import { useBackend } from '../../tools/backends.js';
import { REVIEWED } from '../../tools/gallery/pictures.js';
import { differenceOf, tidied } from './support/looks.js';

// Each of these pictures was looked at. After a change that is meant to be seen:
//   UPDATE_PICTURES=1 npx jest test/plot/pictures.test.ts
// and look at what changed before it is committed; npm run gallery draws them as PNG, with all other sizes.

const FOLDER = join(process.cwd(), 'test/plot/pictures');
/** One of each room is held to its look in the dark as well. */
const IN_THE_DARK = ['heatmap-masked-nan', 'timeline-masked-nan', 'text-masked-nan', 'saturation', 'weights'];

beforeAll(() => useBackend('cpu'));

const cases = Object.keys(REVIEWED).flatMap((name) => [
  { name, theme: 'light' as const },
  ...(IN_THE_DARK.includes(name) ? [{ name, theme: 'dark' as const }] : []),
]);

test.each(cases)('The picture $name looks as it was reviewed, on $theme ground', async ({ name, theme }) => {
  const before = tf.memory().numTensors;
  const spec = await REVIEWED[name]!(theme);
  expect(tf.memory().numTensors - before).toBeLessThanOrEqual(MADE_BY_CASES);
  const drawn = tidied(await toSvg(spec));
  const file = join(FOLDER, `${name}-${theme}.svg`);
  if (process.env.UPDATE_PICTURES === '1') writeFileSync(file, drawn);
  expect(existsSync(file)).toBe(true);
  expect(differenceOf(readFileSync(file, 'utf8'), drawn)).toBeNull();
  expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
  expect(tooltipsOf(spec)).toMatchSnapshot();
});

/** Layers and flows that a case makes for itself, and leaves to the end of the test. */
const MADE_BY_CASES = 20;

/** Tooltips and parameters, which a picture does not show. */
function tooltipsOf(part: unknown): unknown[] {
  if (typeof part !== 'object' || part === null) return [];
  const own = 'tooltip' in part ? [part.tooltip] : [];
  return [...own, ...Object.entries(part).flatMap(([key, inner]) => (key === 'data' ? [] : tooltipsOf(inner)))];
}
