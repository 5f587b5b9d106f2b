import type { LayerTrace } from '../../../src/inspect/index.js';
import { decodeValues } from '../../../src/plot/page/encoding.js';
import { reportLayers } from '../../../src/plot/report/report-layers.js';
import { fromBase64 } from '../../../src/plot/rows/base64.js';
import { useBackend } from '../../../tools/backends.js';
import { traceOf } from '../../inspect/support/traces.js';

beforeAll(() => useBackend('cpu'));

/** [2, 3, 3]. Without the second step of the first sample, its last unit moves most, and the middle one not at all. */
const H = [
  [
    [0, 1, -1],
    [0.5, -1, 1],
    [0.25, 1, 0.875],
  ],
  [
    [0.125, 0.25, 0.375],
    [0.5, 0.625, 0.75],
    [0.875, 1, 0],
  ],
];

const named = (trace: object) =>
  ({ layerName: 'reader', direction: 'backward', cell: 0, call: 0, trace }) as LayerTrace;

const decoded = (layer: { sequences: { h: never } }) => [...decodeValues(layer.sequences.h)];

/** Of six values in base64, 16 bytes. */
const BYTES_OF_A_STEP = 16;

test('All of a trace is drawn where it fits, masked steps and all', async () => {
  const mask = [
    [1, 1, 0],
    [0, 1, 1],
  ];
  const traces = [named({ ...traceOf({ h: H }, { mask }), unitIndices: [9, 4, 6] })];
  const drawn = await reportLayers(traces, { samples: 2, largestBytes: 1e6, labelled: 3 });
  expect(drawn).toMatchObject({ samples: 2, omissions: [] });
  const [layer] = drawn.layers as [never];
  expect(layer).toMatchObject({
    title: 'reader (backward)',
    timesteps: 3,
    unitIndices: [9, 4, 6],
    hasLabels: true,
    activation: 'tanh',
    recurrentActivation: 'sigmoid',
  });
  expect(decoded(layer)).toEqual(H.flat(2).map((value) => expect.closeTo(value, 3)));
  expect([...fromBase64((layer as { mask: string }).mask)]).toEqual(mask.flat());
});

test('Of what does not fit, the most active units and the first steps of one sample are drawn, and that is said', async () => {
  const mask = [
    [1, 0, 1],
    [1, 1, 1],
  ];
  const traces = [named(traceOf({ h: H }, { mask }))];
  const two = await reportLayers(traces, { samples: 2, largestBytes: 6 * BYTES_OF_A_STEP, labelled: null });
  expect(two.omissions).toEqual(['reader (backward): the 2 most active of 3 units']);
  expect(two.samples).toBe(1);
  expect(two.layers[0]).toMatchObject({ unitIndices: [0, 2], timesteps: 3, hasLabels: false });
  const first = await reportLayers(traces, { samples: 2, largestBytes: 2 * BYTES_OF_A_STEP, labelled: 3 });
  expect(first.omissions).toEqual(['reader (backward): the 1 most active of 3 units, the first 2 of 3 timesteps']);
  const [layer] = first.layers as [never];
  expect(layer).toMatchObject({ unitIndices: [2], timesteps: 2, hasLabels: true });
  expect(decoded(layer)).toEqual([-1, 1].map((value) => expect.closeTo(value, 3)));
  expect([...fromBase64((layer as { mask: string }).mask)]).toEqual([1, 0]);
});

test('A layer of fewer samples is the limit for all, and one without any is not drawn', async () => {
  const small = named(traceOf({ h: [H[1]!] }));
  const traces = [named(traceOf({ h: H })), small];
  const drawn = await reportLayers(traces, { samples: 2, largestBytes: 1e6, labelled: null });
  expect(drawn.samples).toBe(1);
  expect(decoded(drawn.layers[1] as never)).toEqual(H[1]!.flat().map((value) => expect.closeTo(value, 3)));
  expect(drawn.layers[1]).toMatchObject({ mask: null });
  expect(await reportLayers([], { samples: 2, largestBytes: 1e6, labelled: null })).toEqual({
    samples: 0,
    layers: [],
    omissions: [],
  });
});
