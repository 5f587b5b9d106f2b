import { indicesOf, titleOfQuantity } from '../rows/sample.js';
import type { UnitSorting } from '../rows/unit-order.js';
import { element, fillSelect } from './elements.js';
import type { ReportData } from './report-data.js';
import type { PageState, Selection } from './state.js';

/** The selections, and the slider that is the cursor of time. */
export function connectControls(state: PageState, data: ReportData): void {
  const layer = element<HTMLSelectElement>('layer');
  const sample = element<HTMLSelectElement>('sample');
  const quantity = element<HTMLSelectElement>('quantity');
  const sorting = element<HTMLSelectElement>('sorting');
  const unit = element<HTMLSelectElement>('unit');
  const timestep = element<HTMLInputElement>('timestep');
  fillSelect(layer, numbered(data.layers.map(({ title }) => title)));
  fillSelect(sample, numbered(data.samples));
  layer.addEventListener('change', () => state.select({ layer: Number(layer.value) }));
  sample.addEventListener('change', () => state.select({ sample: Number(sample.value) }));
  quantity.addEventListener('change', () => state.select({ quantity: quantity.value }));
  sorting.addEventListener('change', () => state.select({ sorting: sorting.value as UnitSorting }));
  unit.addEventListener('change', () => state.select({ unit: Number(unit.value) }));
  timestep.addEventListener('input', () => state.select({ timestep: Number(timestep.value) }));
  state.onChange((view, changed) => {
    if (changed.has('layer')) {
      const names = Object.keys(view.trace.values);
      fillSelect(
        quantity,
        names.map((name) => ({ value: name, text: titleOfQuantity(view.trace, name) })),
      );
    }
    if (['layer', 'sample', 'sorting', 'quantity'].some((key) => changed.has(key as keyof Selection))) {
      const indices = indicesOf(view.trace, view.quantity);
      const options = view.order.map((position) => ({
        value: `${position}`,
        text: `${view.noun} ${indices[position]}`,
      }));
      fillSelect(unit, options);
      timestep.max = `${view.trace.timesteps - 1}`;
    }
    layer.value = `${view.layer}`;
    sample.value = `${view.sample}`;
    quantity.value = view.quantity;
    sorting.value = view.sorting;
    unit.value = `${view.unit}`;
    timestep.value = `${view.timestep}`;
    const label = view.labels?.[view.timestep];
    timestep.setAttribute('aria-valuetext', `timestep ${view.timestep}${label === undefined ? '' : `, ${label}`}`);
  });
}

function numbered(names: string[]): { value: string; text: string }[] {
  return names.map((text, n) => ({ value: `${n}`, text }));
}
