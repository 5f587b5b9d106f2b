import type { Finding } from '../../../src/inspect/index.js';
import type { ReportLayer } from '../../../src/plot/page/report-data.js';
import { findingsSection } from '../../../src/plot/report/findings-section.js';
import { PlaceLinks } from '../../../src/plot/report/links.js';
import { tagsOf } from '../support/markup.js';

const FINDING: Finding = {
  kind: 'gate closed',
  severity: 'warning',
  layerName: 'a<b',
  direction: 'backward',
  cell: 2,
  gate: 'f',
  units: [1],
  timestep: null,
  evidence: { 'over 0.9': 0.75, units: 'one & two' },
  message: 'It forgets <all>.',
  remedy: 'a larger bias & time',
};

const drawn = (title: string, units: number, quantities = ['i', 'f', 'g', 'o', 'c', 'h']) =>
  ({ title, timesteps: 9, quantities, unitIndices: Array.from({ length: units }, (_, unit) => unit) }) as ReportLayer;

const NO_LINKS = new PlaceLinks([]);
const LINKS = new PlaceLinks([drawn('first', 8), drawn('second', 3)]);

const foundIn = (layerName: string, units: number[], more: Partial<Finding> = {}): Finding => ({
  ...FINDING,
  layerName,
  direction: 'forward',
  cell: 0,
  units,
  message: `The forget gate is below 0.1 in ${units.length} of 8 units: ${units.join(', ')}.`,
  ...more,
});

test('A finding tells severity, kind, place, message, evidence and remedy, as text', () => {
  const ofModel = { ...FINDING, kind: 'non-finite input', severity: 'error', layerName: null } satisfies Finding;
  const html = findingsSection([ofModel, FINDING], [], NO_LINKS);
  const texts =
    '<details><summary>why</summary><p>It forgets &lt;all&gt;.</p>' +
    '<p class="quiet">Evidence: over 0.9 0.75, units one &amp; two.</p><p>Try: a larger bias &amp; time</p></details></li>';
  expect(html).toBe(
    `<ul class="findings"><li class="error"><span class="severity">error</span> <b>non-finite input</b> ${texts}` +
      '<li class="warning"><span class="severity">warning</span> <b>forget gate closed</b>: a&lt;b (backward, cell 2)' +
      ` <span class="units">unit 1</span> ${texts}</ul>`,
  );
});

test('What is of one kind and gate is one line, wherever it was found, with a link to each place', () => {
  const findings = [
    foundIn('first', [0, 1, 2, 5, 7]),
    foundIn('second', [2], { timestep: 4 }),
    foundIn('second', [1], { gate: 'o' }),
    foundIn('first', [3], { severity: 'error' }),
  ];
  const html = findingsSection(findings, [], LINKS);
  const lines = html.split('<li ').slice(1);
  expect(lines.map((line) => line.match(/<b>(.*?)<\/b>/)?.[1])).toEqual([
    'forget gate closed',
    'output gate closed',
    'forget gate closed',
  ]);
  const address = (rest: string) => `href="#layer=${rest.replaceAll('&', '&amp;')}"`;
  const [line, details] = (lines[0] as string).split('<details>') as [string, string];
  expect([...line.matchAll(/href="[^"]*"/g)].map(([link]) => link)).toEqual([
    address('0&show=f'),
    ...[0, 1, 2, 5].map((unit) => address(`0&show=f&unit=${unit}`)),
    address('1&show=f'),
    address('1&show=f&unit=2'),
    address('1&step=4'),
  ]);
  expect(line).toContain('and 1 more');
  // All units are named where the finding is told, and so is its layer, since there are two.
  expect(details).toContain(`<b>first</b>: The <a ${address('0&show=f')}>forget gate</a>`);
  expect(details).toContain(`<a ${address('0&show=f&unit=7')}>7</a>`);
  expect(details.match(/Try:/g)).toHaveLength(1);
});

test('Notes are folded, and without anything worse the report says that there is nothing', () => {
  const note = { ...FINDING, severity: 'note' } satisfies Finding;
  const html = findingsSection([note, { ...note, kind: 'gate open' }], [], NO_LINKS);
  expect(html).toMatch(
    /^<p>No errors and no warnings.<\/p><details class="notes"><summary>2 notes: worth knowing, no harm seen<\/summary>/,
  );
  const both = findingsSection([FINDING, note], [], NO_LINKS);
  expect(both).not.toContain('No errors');
  expect(tagsOf(both, 'ul')).toHaveLength(2);
  expect(both).toContain('<summary>1 note: ');
});

test('Where nothing is found, the report says so; where that is not known, only what is left out', () => {
  const omissions = ['One <thing>.', 'Another.'];
  const left = '<p class="quiet">One &lt;thing&gt;.</p><p class="quiet">Another.</p>';
  expect(findingsSection([], omissions, NO_LINKS)).toBe(`<p>Nothing was found.</p>${left}`);
  expect(findingsSection(null, omissions, NO_LINKS)).toBe(left);
  expect(findingsSection([FINDING], omissions, NO_LINKS).endsWith(`</ul>${left}`)).toBe(true);
});

test('A sentence has links to what it names, of what is drawn', () => {
  const text =
    "Gates are closed in 4 of 9 units: 1, 4-5, 8; unit 2's cell state <grows> from timestep 7, not timestep 9.";
  const link = (rest: string, inner: string) => `<a href="#layer=0&amp;${rest}">${inner}</a>`;
  expect(LINKS.sentence('first', text)).toBe(
    `Gates are closed in 4 of 9 units: ${link('unit=1', '1')}, ${link('unit=4', '4')}-${link('unit=5', '5')}, 8; ` +
      `${link('unit=2', 'unit 2')}&#39;s ${link('show=c', 'cell state')} &lt;grows&gt; from ` +
      `${link('step=7', 'timestep 7')}, not timestep 9.`,
  );
  expect(LINKS.sentence('none <such>', 'unit 1 & more')).toBe('unit 1 &amp; more');
});
