/** A small picture. */
export const SPEC = {
  $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
  title: { text: 'a picture' },
  data: { values: [{ horizon: 1, units: 2 }] },
  mark: 'bar',
  encoding: {
    x: { field: 'horizon', type: 'quantitative', axis: { title: 'horizon' } },
    y: { field: 'units', type: 'quantitative' },
  },
};
