import type { FlowStatistics } from '../../../src/inspect/index.js';
import { PlaceLinks } from '../../../src/plot/report/links.js';
import { type LayerSummary, layerSection as sectionOf } from '../../../src/plot/report/sections.js';
import { tagsOf } from '../support/markup.js';
import { STATISTICS } from '../support/statistics.js';

const FLOW = {
  timesteps: 3,
  retained: [0.02, 0.2, 1],
  dh: [1, 2, 3],
  dc: [4, 5, 6],
  sentence: 'it <halves>',
  verdict: 'vanishing',
} as unknown as FlowStatistics;

/** A layer that is not drawn has no links. */
const layerSection = (layer: LayerSummary, stuckFraction: number, links = new PlaceLinks([])) =>
  sectionOf(layer, stuckFraction, links);

const LAYER: LayerSummary = { title: 'reader <1>', timesteps: 12, statistics: STATISTICS, flow: FLOW };

/** [row][column] of the only table. */
function tableOf(html: string): string[][] {
  return tagsOf(html, 'tr').map(({ text }, n) => {
    const row = html.split('<tr>')[n + 1] as string;
    const cells = [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/g)].map(([, content]) => content as string);
    expect(cells.join('')).toBe(text);
    return cells;
  });
}

const captionsOf = (html: string) => tagsOf(html, 'figcaption').map(({ text }) => text);

const picturesOf = (html: string) => tagsOf(html, 'svg').map(({ attributes }) => attributes['aria-label']);

test('The table of the gates tells how each moves and which units are stuck, for more than the limit', () => {
  const html = layerSection(LAYER, 0.3);
  expect(tableOf(html)).toEqual([
    ['gate', 'mean ± std', 'closed at over 30% of the steps', 'open at over 30% of the steps'],
    ['input gate i', '0.400 ± 0.100', 'unit 2', 'unit 0'],
    ['forget gate f', '0.500 ± 0.200', 'unit 1', 'unit 0'],
    ['output gate o', '0.600 ± 0.300', 'none', 'all 3 units'],
  ]);
  expect(html).toContain('<div class="scroll"><table><thead><tr><th scope="col">gate</th>');
  expect(html.match(/<th scope="row">/g)).toHaveLength(3);
  expect(html.match(/<td class="number">/g)).toHaveLength(3);
});

test('A gate without a finite value says so', () => {
  const f = { ...STATISTICS.f, mean: null, std: null, leftSaturated: [null, null], rightSaturated: [null, null] };
  const html = layerSection({ ...LAYER, statistics: { ...STATISTICS, f } }, 0.3);
  expect(tableOf(html)[2]).toEqual(['forget gate f', 'no finite value', 'none', 'none']);
});

test('A layer is told in words first, with its name as text', () => {
  const html = layerSection(LAYER, 0.3);
  expect(html).toMatch(
    /^<details class="layer"><summary><h3>reader &lt;1&gt;<\/h3> <span class="quiet">3 units · remembers the whole sequence · gradient vanishing<\/span><\/summary>/,
  );
  expect(html).toMatch(/<\/details>$/);
  expect(tagsOf(html, 'p').map(({ text }) => text)).toEqual([
    '3 units, 12 timesteps, 40 valid steps over all samples; gates hardSigmoid, states tanh.',
    'Memory horizon: median 12.3 of 12 timesteps, longest infinite; 2 of 3 units remember the whole sequence.' +
      ' The horizon of 1 unit is 0: the forget gate was exactly 0 at some step.',
    'Backwards: it &lt;halves&gt; (vanishing).',
    'One dot per unit: how often its gate is below 0.1 (closed) and above 0.9 (open). Beyond the dashed lines it is stuck. ?',
  ]);
  const forgetful = { ...STATISTICS, memoryHorizon: [0.2, 0.9, 5] };
  expect(layerSection({ ...LAYER, statistics: forgetful }, 0.3)).toContain(
    '<p>Memory horizon: median below 1 of 12 timesteps (half of the units forget within a step), longest 5; 0 of 3',
  );
  const quiet = layerSection({ ...LAYER, flow: { ...FLOW, verdict: null } }, 0.3);
  expect(quiet).toContain('<p>Backwards: it &lt;halves&gt; (no verdict).</p>');
});

const horizonIn = (memoryHorizon: (number | null)[], timesteps: number) => {
  const html = layerSection({ ...LAYER, timesteps, statistics: { ...STATISTICS, memoryHorizon } }, 0.3);
  return tagsOf(html, 'p').find(({ text }) => text.startsWith('Memory horizon'))?.text;
};

test('The sentence about memory horizons counts who reaches the whole sequence', () => {
  expect(horizonIn([7, 3.0625, 5, 40], 7)).toBe(
    'Memory horizon: median 5 of 7 timesteps, longest 40; 2 of 4 units remember the whole sequence.',
  );
  expect(horizonIn([null, null, 2], 1)).toBe(
    'Memory horizon: median infinite of 1 timestep, longest infinite; 3 of 3 units remember the whole sequence.',
  );
  expect(horizonIn([0, 0], 2)).toBe(
    'Memory horizon: median below 1 of 2 timesteps (half of the units forget within a step), longest 0;' +
      ' 0 of 2 units remember the whole sequence.' +
      ' The horizon of 2 units is 0: the forget gate was exactly 0 at some step.',
  );
  expect(horizonIn([null, null], 2)).toBe('Memory horizon: infinite or undefined in every unit.');
});

const SATURATION = ['input gate i', 'forget gate f', 'output gate o'];
const HORIZON =
  'Memory horizon?: the number of timesteps after which 1/e of the cell state is left. Dashed: the length of the sequences.';

test('Each picture has a caption, and those of the gradient are there where there is one', () => {
  const html = layerSection(LAYER, 0.75);
  expect(picturesOf(html)).toEqual([
    'Saturation of gate i',
    'Saturation of gate f',
    'Saturation of gate o',
    'Memory horizons',
    'Gradient on its way back',
    'Gradient norms over time',
  ]);
  expect(captionsOf(html)).toEqual([
    ...SATURATION,
    HORIZON,
    'What is left of the gradient of the last loss term on its way back through time, on a logarithmic scale.',
    'Gradient of the loss with respect to h and c?, over time, on a logarithmic scale.',
  ]);
  // The line beyond which a gate is stuck, at three quarters of the width.
  expect(html.match(/M184\.0 144\.0V110\.0/g)).toHaveLength(3);
  const without = layerSection({ ...LAYER, flow: null }, 0.75);
  expect(captionsOf(without)).toEqual([...SATURATION, HORIZON]);
  expect(without).not.toContain('Gradient');
  const endless = { ...STATISTICS, memoryHorizon: [null, null, null] };
  expect(captionsOf(layerSection({ ...LAYER, statistics: endless, flow: null }, 0.75))).toEqual(SATURATION);
});

test('Without a valid step there is nothing but that', () => {
  const html = layerSection({ ...LAYER, statistics: { ...STATISTICS, validSteps: 0 } }, 0.3);
  expect(html).toBe(
    '<details class="layer"><summary><h3>reader &lt;1&gt;</h3> <span class="quiet">3 units · gradient vanishing</span></summary>' +
      '<p>3 units, 12 timesteps, 0 valid steps over all samples;' +
      ' gates hardSigmoid, states tanh. There is nothing to see.</p></details>',
  );
});
