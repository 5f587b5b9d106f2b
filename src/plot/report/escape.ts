import { packedValue } from './packing.js';

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text such that it means itself within HTML elements and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => ENTITIES[letter] as string);
}

/**
 * A value as JSON that a script element may hold: neither `</script>` nor `<!--` can occur in it. Bytes and floats are
 * packed.
 */
export function escapeJson(value: unknown): string {
  return JSON.stringify(value, packedValue).replace(
    /[<>&\u2028\u2029]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
