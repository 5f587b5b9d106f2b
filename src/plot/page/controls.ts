import { type Sample, titleOfQuantity } from '../rows/sample.js';
import type { UnitSorting } from '../rows/unit-order.js';
import { create, element, fillSelect } from './elements.js';
import { pinColour } from './heatmap.js';
import { unitText } from './readout.js';
import type { ReportLayer } from './report-data.js';
import { type Change, isSamePin, type PageState } from './state.js';

/** The selections and buttons above the pictures. */
export function connectControls(state: PageState): void {
  const { data } = state;
  const layer = element<HTMLSelectElement>('layer');
  const sample = element<HTMLSelectElement>('sample');
  const quantity = element<HTMLSelectElement>('quantity');
  const sorting = element<HTMLSelectElement>('sorting');
  const unit = element<HTMLSelectElement>('unit');
  const all = element<HTMLInputElement>('all-layers');
  const stretched = element<HTMLInputElement>('stretched');
  fillSelect(layer, numbered(data.layers.map(({ title }) => title)));
  fillSelect(sample, numbered(data.samples));
  layer.addEventListener('change', () => state.select({ layer: Number(layer.value) }));
  sample.addEventListener('change', () => state.select({ sample: Number(sample.value) }));
  quantity.addEventListener('change', () => state.select({ quantity: quantity.value }));
  sorting.addEventListener('change', () => state.select({ sorting: sorting.value as UnitSorting }));
  unit.addEventListener('change', () => state.select({ unit: Number(unit.value) }));
  all.addEventListener('change', () => state.select({ areAllShown: all.checked }));
  stretched.addEventListener('change', () => state.select({ isStretched: stretched.checked }));
  element('pin').addEventListener('click', () => state.togglePin(state.view));
  element('timeline').addEventListener('click', (event) => {
    const name = (event.target as Element).closest('[data-quantity]')?.getAttribute('data-quantity');
    if (name != null) state.select({ quantity: name });
  });
  state.onChange((view, changed) => {
    if (changed.has('layer')) {
      fillWithQuantities(quantity, view.trace);
      (all.closest('label') as HTMLElement).hidden = state.alongside(view.layer).length === 1;
    }
    if (['layer', 'sample', 'sorting', 'quantity'].some((key) => changed.has(key as Change))) {
      fillSelect(
        unit,
        view.order.map((position) => ({ value: `${position}`, text: unitText(view, position) })),
      );
    }
    layer.value = `${view.layer}`;
    sample.value = `${view.sample}`;
    quantity.value = view.quantity;
    sorting.value = view.sorting;
    unit.value = `${view.unit}`;
    all.checked = view.areAllShown;
    stretched.checked = view.isStretched;
    if (changed.has('pins') || changed.has('unit') || changed.has('layer')) showPins(state);
  });
}

/** What gates and states there are to choose from. */
export function fillWithQuantities(select: HTMLSelectElement, trace: Sample): void {
  const names = Object.keys(trace.values);
  fillSelect(
    select,
    names.map((name) => ({ value: name, text: titleOfQuantity(trace, name) })),
  );
}

/** A button for each pin, which takes it away. */
function showPins(state: PageState): void {
  const { view, data } = state;
  const isPinned = view.pins.some((pin) => isSamePin(pin, view));
  element('pin').textContent = isPinned ? 'unpin unit' : 'pin unit';
  element('pins').replaceChildren(
    ...view.pins.map((pin, n) => {
      const { title, unitIndices } = data.layers[pin.layer] as ReportLayer;
      const name = `unit ${unitIndices[pin.unit]}${data.layers.length > 1 ? ` of ${title}` : ''}`;
      const swatch = create('i', { class: 'swatch' });
      swatch.style.background = pinColour(n);
      const item = create('span', { class: 'pin' });
      const choose = create('button', { type: 'button' }, name);
      choose.prepend(swatch);
      choose.addEventListener('click', () => state.select(pin));
      const remove = create('button', { type: 'button', 'aria-label': `unpin ${name}` }, '×');
      remove.addEventListener('click', () => state.togglePin(pin));
      item.append(choose, remove);
      return item;
    }),
  );
}

function numbered(names: string[]): { value: string; text: string }[] {
  return names.map((text, n) => ({ value: `${n}`, text }));
}
