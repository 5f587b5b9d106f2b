/** One label for each timestep, such as a token, a character or a date. */
export type TimeLabels = readonly (string | number)[];

/** A label such that white space can be seen, on one line. */
export function visibleLabel(label: string): string {
  const isBlank = label !== '' && label.replaceAll(' ', '') === '';
  if (isBlank) return '␣'.repeat(label.length);
  return label.replaceAll('\n', '⏎').replaceAll('\r', '').replaceAll('\t', '⇥');
}

/** What several steps are called together. */
export function joinedLabels(labels: readonly string[], { first, last }: { first: number; last: number }): string {
  return labels
    .slice(first, last + 1)
    .join(' ')
    .slice(0, 60);
}

/**
 * Whether labels are a text as they stand, one after the other: characters, or words that bring their spaces along. Others
 * want spaces between them.
 */
export function isVerbatim(labels: readonly string[]): boolean {
  return labels.every((label) => [...label].length <= 1) || labels.some((label) => /^\s|\s$/.test(label));
}
