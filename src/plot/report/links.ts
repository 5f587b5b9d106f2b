import { quantityTitle } from '../../inspect/words.js';
import { type Address, addressOf } from '../page/address.js';
import type { ReportLayer } from '../page/report-data.js';
import { escapeHtml } from './escape.js';

/** The gates and states that sentences name by their words. */
const NAMED: Readonly<Record<string, string>> = {
  'input gate': 'i',
  'forget gate': 'f',
  candidate: 'g',
  'output gate': 'o',
  'cell state': 'c',
  'hidden state': 'h',
};

/** What of a sentence is a place: `unit 3`, `units: 1, 4-5`, `timestep 7`, `forget gate`. */
const PLACES = new RegExp(
  [
    String.raw`\bunit (?<unit>\d+)\b`,
    String.raw`\bunits: (?<units>\d+(?:-\d+)?(?:, \d+(?:-\d+)?)*)`,
    String.raw`\btimestep (?<timestep>\d+)\b`,
    String.raw`\b(?<gate>${Object.keys(NAMED).join('|')})s?\b`,
  ].join('|'),
  'gi',
);

/** Makes links of what a report names, which take the explorer there; what is not drawn stays text. */
export class PlaceLinks {
  private readonly places: ReadonlyMap<string, { layer: number; drawn: ReportLayer }>;

  constructor(layers: readonly ReportLayer[]) {
    this.places = new Map(layers.map((drawn, layer) => [drawn.title, { layer, drawn }]));
  }

  /** A link with a text of its own, to a layer by its title and a place in it. */
  to(title: string, { quantity, unit, timestep }: Omit<Address, 'layer'>, text: string): string {
    const address = this.addressOf(title, { quantity, unit, timestep });
    const escaped = escapeHtml(text);
    return address === null ? escaped : `<a href="${address}">${escaped}</a>`;
  }

  layer(title: string, quantity?: string | null): string {
    return this.to(title, { quantity: quantity ?? undefined }, title);
  }

  /** `#…` for an attribute; null for what is not drawn. */
  addressOf(title: string, { quantity, unit, timestep }: Omit<Address, 'layer'>): string | null {
    const place = this.places.get(title);
    if (place === undefined) return null;
    const { layer, drawn } = place;
    const isDrawn =
      (unit === undefined || drawn.unitIndices.includes(unit)) &&
      (timestep === undefined || timestep < drawn.timesteps) &&
      (quantity === undefined || drawn.quantities.includes(quantity));
    if (!isDrawn) return null;
    return escapeHtml(`#${addressOf({ layer, quantity, unit, timestep })}`);
  }

  /**
   * Units by number, each a link.
   *
   * @param most So many are written out.
   */
  units(title: string, units: readonly number[], most: number, quantity?: string | null): string {
    const links = units
      .slice(0, most)
      .map((unit) => this.to(title, { unit, quantity: quantity ?? undefined }, `${unit}`));
    const more = units.length - most;
    return `${links.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  }

  /** A sentence about a layer, in which every unit, timestep and gate is a link. */
  sentence(title: string, text: string, quantity?: string | null): string {
    const chosen = quantity ?? undefined;
    let html = '';
    let end = 0;
    for (const match of text.matchAll(PLACES)) {
      html += escapeHtml(text.slice(end, match.index));
      html += this.place(title, match[0], match.groups as Record<string, string | undefined>, chosen);
      end = match.index + match[0].length;
    }
    return html + escapeHtml(text.slice(end));
  }

  private place(
    title: string,
    text: string,
    { unit, units, timestep, gate }: Record<string, string | undefined>,
    quantity: string | undefined,
  ): string {
    if (unit !== undefined) return this.to(title, { unit: Number(unit), quantity }, text);
    if (timestep !== undefined) return this.to(title, { timestep: Number(timestep), quantity }, text);
    if (gate !== undefined) return this.to(title, { quantity: NAMED[gate.toLowerCase()] }, text);
    const list = units as string;
    return (
      text.slice(0, -list.length) + list.replace(/\d+/g, (one) => this.to(title, { unit: Number(one), quantity }, one))
    );
  }
}

/** The title of a gate or state, as a link. */
export function quantityLink(links: PlaceLinks, title: string, quantity: string, kind: 'gate' | 'state'): string {
  return links.to(title, { quantity }, quantityTitle(quantity, kind));
}
