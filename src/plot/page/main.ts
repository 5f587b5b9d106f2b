import { connectAddress } from './address.js';
import { connectControls } from './controls.js';
import { connectDots } from './dots.js';
import { create, element } from './elements.js';
import { connectExport } from './export.js';
import { connectHeatmap } from './heatmap.js';
import { connectLive } from './live.js';
import { unpackReport } from './packed.js';
import { connectPredictions } from './predictions.js';
import { connectReadout } from './readout.js';
import { connectSearch } from './search.js';
import { connectSeries } from './series.js';
import { PageState } from './state.js';
import { connectText } from './text.js';
import { connectTimeline } from './timeline.js';

connectDots();
start().catch(tellWhyNot);

async function start(): Promise<void> {
  const data = await unpackReport(element('data').textContent ?? '');
  if (data.layers.length === 0) return;
  const state = new PageState(data);
  connectAddress(state);
  connectHeatmap(state);
  connectControls(state);
  connectText(state);
  connectSeries(state);
  connectReadout(state);
  connectPredictions(state);
  // What stands above is seen first, and answers; the rest need not be waited for.
  await nextFrame();
  connectTimeline(state);
  connectExport(state);
  connectSearch(state);
  connectLive(state);
}

/** After the next frame is drawn. */
function nextFrame(): Promise<void> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
  });
}

/** A browser may be too old to unpack numbers by itself. */
function tellWhyNot(error: unknown): void {
  const text = `The pictures cannot be drawn: ${error instanceof Error ? error.message : error}. They need a browser of 2023 or newer.`;
  element('pictures').prepend(create('p', { role: 'alert' }, text));
  throw error;
}
