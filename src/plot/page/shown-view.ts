import { type ColourRange, colourRange } from '../rows/colour-range.js';
import type { Sample } from '../rows/sample.js';
import { pageTheme } from './elements.js';
import type { View } from './state.js';

const known = new WeakMap<Sample, Map<string, ColourRange>>();

/** The colours of the chosen quantity in a layer. */
export function shownView(
  { quantity, isStretched }: Pick<View, 'quantity' | 'isStretched'>,
  trace: Sample,
): ColourRange {
  const theme = pageTheme.current();
  const ofTrace = known.get(trace) ?? new Map<string, ColourRange>();
  known.set(trace, ofTrace);
  const key = `${quantity} ${isStretched} ${theme}`;
  const range = ofTrace.get(key) ?? colourRange(trace, quantity, { isStretched, theme });
  ofTrace.set(key, range);
  return range;
}
