/** An element as the report's HTML and SVG have it: flat, by name. */
export interface Tag {
  attributes: Record<string, string>;
  /** What is within, without tags. */
  text: string;
}

/** All elements of a name, in their order; those that hold others of their own name are none that tests ask for. */
export function tagsOf(html: string, name: string): Tag[] {
  const pattern = new RegExp(`<${name}(?=[\\s/>])([^>]*?)(?:/>|>(.*?)</${name}>)`, 'gs');
  return [...html.matchAll(pattern)].map(([, attributes, content]) => ({
    attributes: Object.fromEntries(
      [...(attributes as string).matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, k, v]) => [k, v]),
    ),
    text: (content ?? '').replaceAll(/<[^>]*>/g, ''),
  }));
}

/** Where the texts of a picture stand, by what they say. */
export function placesOf(svg: string, attribute: 'x' | 'y'): Record<string, string | undefined> {
  return Object.fromEntries(tagsOf(svg, 'text').map(({ attributes, text }) => [text, attributes[attribute]]));
}
