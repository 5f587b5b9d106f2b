import { connectControls } from './controls.js';
import { element } from './elements.js';
import { connectHeatmap } from './heatmap.js';
import { connectReadout } from './readout.js';
import type { ReportData } from './report-data.js';
import { PageState } from './state.js';
import { connectText } from './text.js';
import { connectTimeline } from './timeline.js';

const data: ReportData = JSON.parse(element('data').textContent ?? '');
if (data.layers.length > 0) {
  const state = new PageState(data);
  connectControls(state, data);
  connectText(state);
  connectHeatmap(state);
  connectTimeline(state);
  connectReadout(state);
}
