/**
 * Columns of text, two blanks apart.
 *
 * @param leftAligned How many columns, from the first on, are aligned to the left; the others are to the right.
 */
export function table(rows: readonly (readonly string[])[], leftAligned = 1): string {
  const widths: number[] = [];
  for (const [n, cell] of rows.flatMap((row) => [...row.entries()])) {
    widths[n] = Math.max(widths[n] ?? 0, cell.length);
  }
  const aligned = (cell: string, n: number) =>
    n < leftAligned ? cell.padEnd(widths[n] as number) : cell.padStart(widths[n] as number);
  return rows.map((row) => `${row.map(aligned).join('  ').trimEnd()}\n`).join('');
}
