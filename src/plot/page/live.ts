import { widthOf } from '../rows/sample.js';
import { fillWithQuantities } from './controls.js';
import { element } from './elements.js';
import type { LiveAnswer, LiveRequest } from './live-messages.js';
import { predictionOf } from './predictions.js';
import type { ReportLayer, ReportOutput } from './report-data.js';
import type { PageState, View } from './state.js';

/** Holds a gate or silences units in the model itself, which the page around this one has, and shows what it predicts then. */
export function connectLive(state: PageState): void {
  const { data } = state;
  if (!data.isLive) return;
  const quantity = element<HTMLSelectElement>('held');
  const value = element<HTMLInputElement>('held-at');
  const told = element<HTMLElement>('edit-told');
  const shown = element<HTMLElement>('edited');
  const { port1: port, port2 } = new MessageChannel();
  let edited: { outputs: ReportOutput[]; request: LiveRequest } | null = null;
  const show = () => {
    const { view } = state;
    if (edited === null || edited.request.sample !== view.sample) {
      shown.replaceChildren();
      return;
    }
    const ofSample = { ...view, sample: 0 };
    shown.replaceChildren(...edited.outputs.flatMap((output) => predictionOf(output, ofSample, 'with the edit')));
  };
  element('edit').addEventListener('click', () => {
    told.textContent = 'running…';
    port.postMessage(requestOf(state, quantity.value, Number(value.value)));
  });
  port.onmessage = ({ data: answer }: MessageEvent<LiveAnswer>) => {
    edited = 'problem' in answer ? null : answer;
    told.textContent = 'problem' in answer ? answer.problem : changeText(answer);
    show();
  };
  state.onChange((view, changed) => {
    if (changed.has('layer')) {
      fillWithQuantities(quantity, view.trace);
      if ('h' in view.trace.values) quantity.value = 'h';
    }
    element('edited-units').textContent = unitsToEdit(view)
      .map((position) => view.trace.unitIndices[position])
      .join(', ');
    show();
  });
  window.parent.postMessage({ explicitLSTM: 'report' }, '*', [port2]);
}

/** The pinned units of the layer, or the chosen one. */
function unitsToEdit({ pins, layer, unit, trace }: View): number[] {
  const pinned = pins.filter((pin) => pin.layer === layer).map((pin) => pin.unit);
  return pinned.length > 0 ? pinned : [Math.min(unit, trace.units - 1)];
}

function requestOf({ view, data }: PageState, quantity: string, value: number): LiveRequest {
  const { title } = data.layers[view.layer] as ReportLayer;
  const isOfUnits = widthOf(view.trace, quantity) === view.trace.units;
  const units = unitsToEdit(view).map((position) =>
    isOfUnits ? (view.trace.unitIndices[position] as number) : position,
  );
  return { title, sample: view.sample, quantity, units, value };
}

function changeText({ request, meanChange, lossBefore, lossAfter }: Exclude<LiveAnswer, { problem: string }>): string {
  const { quantity, units, value } = request;
  const loss =
    lossBefore === null || lossAfter === null
      ? ''
      : `, loss ${lossBefore.toPrecision(3)} → ${lossAfter.toPrecision(3)}`;
  return `${quantity} of ${units.length === 1 ? 'unit' : 'units'} ${units.join(', ')} held at ${value}: the output changes by ${meanChange.toPrecision(3)} on average${loss}`;
}
