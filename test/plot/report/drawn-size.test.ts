import fc from 'fast-check';
import { drawnSize } from '../../../src/plot/report/drawn-size.js';

const LAYERS = [
  { timesteps: 10, units: 4 },
  { timesteps: 5, units: 8 },
];
/** Of one sample: 80 values of six quantities. */
const SAMPLE = 80 * 6;

test('As many samples are drawn as fit and as are asked for', () => {
  expect(drawnSize(LAYERS, 3, 100 * SAMPLE)).toEqual({ samples: 3, layers: LAYERS });
  expect(drawnSize(LAYERS, 9, 4.5 * SAMPLE)).toEqual({ samples: 4, layers: LAYERS });
});

test('Where a sample does not fit, it is some units; where a unit does not, some timesteps', () => {
  expect(drawnSize(LAYERS, 9, 0.5 * SAMPLE)).toEqual({
    samples: 1,
    layers: [
      { timesteps: 10, units: 2 },
      { timesteps: 5, units: 4 },
    ],
  });
  expect(drawnSize([{ timesteps: 1000, units: 2 }], 1, 60)).toEqual({
    samples: 1,
    layers: [{ timesteps: 10, units: 1 }],
  });
});

test('Something of each layer is always drawn, and no more than there is', () => {
  const size = fc.record({ timesteps: fc.integer({ min: 1, max: 500 }), units: fc.integer({ min: 1, max: 300 }) });
  const cases = [
    fc.array(size, { minLength: 1, maxLength: 4 }),
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 1e6 }),
  ] as const;
  fc.assert(
    fc.property(...cases, (layers, samples, values) => {
      const drawn = drawnSize(layers, samples, values);
      expect(drawn.samples >= 1 && drawn.samples <= samples).toBe(true);
      for (const [n, { timesteps, units }] of drawn.layers.entries()) {
        expect(timesteps >= 1 && timesteps <= layers[n]!.timesteps && units >= 1 && units <= layers[n]!.units).toBe(
          true,
        );
      }
    }),
  );
});
