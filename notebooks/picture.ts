import { show, toPng, type VegaLiteSpec } from 'explicit-lstm/plot';

const DISPLAY = Symbol.for('Jupyter.display');

/**
 * Shows a specification as `show` does, and as an image too, for viewers of notebooks that do not draw Vega-Lite, such as
 * GitHub's.
 */
export async function picture(spec: VegaLiteSpec): Promise<object> {
  const displayed = show(spec) as unknown as Record<symbol, () => object>;
  let binary = '';
  for (const byte of await toPng(spec, { scale: 1 })) binary += String.fromCharCode(byte);
  const bundle = { ...displayed[DISPLAY]?.(), 'image/png': btoa(binary) };
  return { [DISPLAY]: () => bundle };
}
