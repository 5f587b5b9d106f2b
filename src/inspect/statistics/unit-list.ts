/** How many stretches of units are written out. */
const LONGEST_LIST = 12;

/** Units as a person writes them: `unit 3`, `3 of 8 units: 1, 4-5`, or `all 8 units`. A long list is cut. */
export function unitList(units: number[], total: number): string {
  if (units.length === total && total > 1) return `all ${total} units`;
  if (units.length === 1) return `unit ${units[0]}`;
  const written = stretches(units);
  const shown = written.slice(0, LONGEST_LIST).join(', ');
  return `${units.length} of ${total} units: ${shown}${written.length > LONGEST_LIST ? ', …' : ''}`;
}

/** Ascending numbers with neighbours joined: 1, 4, 5, 6 gives `1` and `4-6`. */
function stretches(units: number[]): string[] {
  const found: { first: number; last: number }[] = [];
  for (const unit of units) {
    const current = found.at(-1);
    if (current?.last === unit - 1) current.last = unit;
    else found.push({ first: unit, last: unit });
  }
  return found.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`));
}
