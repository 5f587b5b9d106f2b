import { indicesOf, widthOf } from '../rows/sample.js';
import { visibleLabel } from '../rows/time-labels.js';
import { connectControls } from './controls.js';
import { create, element } from './elements.js';
import { connectHeatmap } from './heatmap.js';
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

/** The cursor of time over heatmap and timeline, and in words and numbers what stands there. */
function connectReadout(state: PageState): void {
  const readout = element<HTMLElement>('readout');
  const chart = element<HTMLElement>('chart');
  state.onChange(({ trace, quantity: chosen, unit, noun, timestep, labels }) => {
    chart.style.setProperty('--cursor', `${(timestep + 0.5) / trace.timesteps}`);
    const label = labels === null ? '' : ` “${visibleLabel(labels[timestep] as string)}”`;
    const place = create('b', {}, `timestep ${timestep}${label}, ${noun} ${indicesOf(trace, chosen)[unit]}`);
    if (!trace.valid[timestep]) {
      readout.replaceChildren(place, create('span', {}, 'masked'));
      return;
    }
    const numbers = Object.entries(trace.values).flatMap(([quantity, values]) => {
      const width = widthOf(trace, quantity);
      if (unit >= width) return [];
      const value = values[timestep * width + unit] as number;
      return create('span', {}, `${quantity} ${Number.isNaN(value) ? 'not finite' : value.toFixed(3)}`);
    });
    readout.replaceChildren(place, ...numbers);
  });
  state.onChange(({ trace }) => {
    const texts = ['timestep 0', `${trace.timesteps - 1}`];
    element('ends').replaceChildren(...texts.map((text) => create('span', {}, text)));
  });
}
