import { connectAddress } from './address.js';
import { connectControls } from './controls.js';
import { connectDots } from './dots.js';
import { element } from './elements.js';
import { connectExport } from './export.js';
import { connectHeatmap } from './heatmap.js';
import { connectLive } from './live.js';
import { connectPredictions } from './predictions.js';
import { connectReadout } from './readout.js';
import type { ReportData } from './report-data.js';
import { connectSearch } from './search.js';
import { connectSeries } from './series.js';
import { PageState } from './state.js';
import { connectText } from './text.js';
import { connectTimeline } from './timeline.js';

connectDots();
const data: ReportData = JSON.parse(element('data').textContent ?? '');
if (data.layers.length > 0) {
  const state = new PageState(data);
  connectAddress(state);
  connectHeatmap(state);
  connectTimeline(state);
  connectControls(state);
  connectText(state);
  connectSeries(state);
  connectReadout(state);
  connectPredictions(state);
  connectExport(state);
  connectSearch(state);
  connectLive(state);
}
