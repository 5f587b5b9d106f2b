import type { Finding } from '../../inspect/diagnose/finding.js';
import { amount, lstmName, quantityTitle } from '../../inspect/words.js';
import { escapeHtml } from './escape.js';
import type { PlaceLinks } from './links.js';

/** So many units are named in the line of a finding; all of them in its text. */
const MOST_UNITS = 4;

/**
 * The findings of `diagnose`, most serious first: a line for each kind and gate, wherever it was found, and behind it what
 * it means. Notes are folded.
 *
 * @param omissions What could not be computed, a sentence each.
 */
export function findingsSection(
  findings: readonly Finding[] | null,
  omissions: readonly string[],
  links: PlaceLinks,
): string {
  const leftOut = omissions.map((sentence) => `<p class="quiet">${escapeHtml(sentence)}</p>`).join('');
  if (findings === null) return leftOut;
  if (findings.length === 0) return `<p>Nothing was found.</p>${leftOut}`;
  const groups = grouped(findings);
  const serious = groups.filter(([{ severity }]) => severity !== 'note');
  const notes = groups.filter(([{ severity }]) => severity === 'note');
  const list = (shown: Group[]) =>
    `<ul class="findings">${shown.map((group) => groupLine(group, links)).join('')}</ul>`;
  return [
    serious.length === 0 ? '<p>No errors and no warnings.</p>' : list(serious),
    notes.length === 0
      ? ''
      : `<details class="notes"><summary>${amount(notes.length, 'note')}: worth knowing, no harm seen</summary>${list(notes)}</details>`,
    leftOut,
  ].join('');
}

type Group = [Finding, ...Finding[]];

/** What is of one kind and about the same gate, in the order of the first of each. */
function grouped(findings: readonly Finding[]): Group[] {
  const groups = new Map<string, Group>();
  for (const finding of findings) {
    const { severity, kind, gate } = finding;
    const key = JSON.stringify([severity, kind, gate]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [finding]);
    else group.push(finding);
  }
  return [...groups.values()];
}

function groupLine(group: Group, links: PlaceLinks): string {
  const [{ severity, kind, gate }] = group;
  const places = group.flatMap((finding) => placeOf(finding, links));
  const mark = severity === 'note' ? '' : `<span class="severity">${escapeHtml(severity)}</span> `;
  const where = places.length === 0 ? '' : `: ${places.join('; ')}`;
  const texts = group.map((finding) => findingText(finding, links, group.length > 1));
  const remedies = [...new Set(group.map(({ remedy }) => remedy))].map((remedy) => `<p>Try: ${escapeHtml(remedy)}</p>`);
  return [
    `<li class="${escapeHtml(severity)}">${mark}<b>${escapeHtml(groupTitle(kind, gate))}</b>${where}`,
    `<details><summary>why</summary>${texts.join('')}${remedies.join('')}</details></li>`,
  ].join(' ');
}

/** `forget gate open`, where the kind says only `gate open`. */
function groupTitle(kind: string, gate: string | null): string {
  if (gate === null || !(kind.startsWith('gate ') || kind === 'no gradient')) return kind;
  const title = quantityTitle(gate, 'gate').replace(` gate ${gate}`, ' gate');
  return kind === 'no gradient' ? `no gradient, ${title}` : `${title} ${kind.slice('gate '.length)}`;
}

function placeOf({ layerName, direction, cell, gate, units, timestep }: Finding, links: PlaceLinks): string[] {
  if (layerName === null) return [];
  const title = lstmName({ layerName, direction, cell });
  const layer = links.layer(title, gate);
  const step = timestep === null ? '' : ` from ${links.to(title, { timestep }, `timestep ${timestep}`)} on`;
  if (units.length === 0) return [`${layer}${step}`];
  return [
    `${layer} <span class="units">${units.length === 1 ? 'unit' : 'units'} ${links.units(title, units, MOST_UNITS, gate)}</span>${step}`,
  ];
}

function findingText(
  { layerName, direction, cell, gate, message, evidence }: Finding,
  links: PlaceLinks,
  isOneOfMany: boolean,
): string {
  const title = layerName === null ? '' : lstmName({ layerName, direction, cell });
  const measured = Object.entries(evidence).map(([name, value]) => `${name} ${value}`);
  const where = isOneOfMany && title !== '' ? `<b>${escapeHtml(title)}</b>: ` : '';
  return `<p>${where}${links.sentence(title, message, gate)}</p><p class="quiet">Evidence: ${escapeHtml(measured.join(', '))}.</p>`;
}
