import { invalidArgument } from '../../core/errors.js';
import type { VegaLiteSpec } from '../specification/specification.js';

/** @throws RangeError */
export function requireSpec(where: string, spec: unknown): asserts spec is VegaLiteSpec {
  const isSpec = typeof spec === 'object' && spec !== null && !(spec instanceof Promise);
  if (isSpec && typeof (spec as VegaLiteSpec).$schema === 'string') return;
  const rule = 'spec must be a Vega-Lite specification, the awaited result of gateHeatmap or another plot';
  throw invalidArgument(where, rule, spec);
}
