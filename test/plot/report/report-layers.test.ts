import { QUANTITIES } from '../../../src/core/quantities.js';
import type { LayerTrace } from '../../../src/inspect/index.js';
import type { ReportData, ReportLayer } from '../../../src/plot/page/report-data.js';
import { SampleReader } from '../../../src/plot/page/sample-reader.js';
import { PageState } from '../../../src/plot/page/state.js';
import { type DrawnLayers, reportLayers } from '../../../src/plot/report/report-layers.js';
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

/** h of all samples. */
/** [S, T, width] of h, as a page reads it. */
function decoded(layer: ReportLayer): number[] {
  const reader = new SampleReader({ layers: [layer] } as ReportData);
  return layer.sequences.samples.flatMap((_, sample) => Array.from(reader.sample(0, sample).values.h as Float32Array));
}

/** What is drawn where ever fewer bytes are allowed, each outcome once. */
async function outcomes(traces: LayerTrace[]): Promise<Map<string, DrawnLayers>> {
  const found = new Map<string, DrawnLayers>();
  for (let largestBytes = 164; largestBytes > 0; largestBytes -= largestBytes > 48 ? 8 : 1) {
    const drawn = await reportLayers(traces, { samples: 2, largestBytes, labelled: 3 });
    const key = `${drawn.layers[0]?.sequences.bits} bits, ${drawn.samples}: ${drawn.omissions.join('; ')}`;
    if (!found.has(key)) found.set(key, drawn);
  }
  return found;
}

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
  expect([...(layer as { mask: Uint8Array }).mask]).toEqual(mask.flat());
});

test('Of what does not fit, the most active units and the first steps of one sample are drawn, and that is said', async () => {
  const mask = [
    [1, 0, 1],
    [1, 1, 1],
  ];
  const found = await outcomes([named(traceOf({ h: H }, { mask }))]);
  const rounded = 'values are rounded to one of 31 levels';
  const left = [...found.keys()].map((key) => key.replace('reader (backward): the ', ''));
  expect(left.slice(0, 2)).toEqual(['16 bits, 2: ', '8 bits, 2: ']);
  expect(left.filter((key) => key.startsWith('5 bits, 1: '))).toEqual([
    `5 bits, 1: ${rounded}`,
    `5 bits, 1: 2 most active of 3 units; ${rounded}`,
    `5 bits, 1: 1 most active of 3 units; ${rounded}`,
    `5 bits, 1: 1 most active of 3 units, the first 2 of 3 timesteps; ${rounded}`,
    `5 bits, 1: 1 most active of 3 units, the first 1 of 3 timesteps; ${rounded}`,
  ]);
  const [, two, , first] = [...found].flatMap(([key, drawn]) => (key.startsWith('5 bits, 1: ') ? [drawn] : []));
  expect(two?.layers[0]).toMatchObject({ unitIndices: [0, 2], timesteps: 3, hasLabels: true });
  const [layer] = (first as DrawnLayers).layers as [ReportLayer];
  expect(layer).toMatchObject({ unitIndices: [2], timesteps: 2, hasLabels: true });
  expect(decoded(layer)).toEqual([-1, 1].map((value) => expect.closeTo(value, 3)));
  expect([...(layer.mask as Uint8Array)]).toEqual([1, 0]);
});

test('h is carried only where it does not follow from o and c', async () => {
  const c = [
    [
      [1, -2],
      [0.5, 3],
    ],
  ];
  const o = [
    [
      [0.5, 0.25],
      [1, 0],
    ],
  ];
  const follows = o.map((steps, b) => steps.map((units, t) => units.map((gate, u) => gate * Math.tanh(c[b]![t]![u]!))));
  const draw = async (h: number[][][]) => {
    const { layers } = await reportLayers([named(traceOf({ c, o, h }))], {
      samples: 1,
      largestBytes: 1e6,
      labelled: null,
    });
    const state = new PageState({
      layers,
      samples: ['0'],
      timeLabels: [null],
      input: null,
      outputs: [],
      isLive: false,
    });
    expect([...(state.view.trace.values.h as Float32Array)]).toEqual(
      h.flat(2).map((value) => expect.closeTo(value, 4)),
    );
    expect(Object.keys(state.view.trace.values)).toEqual([...QUANTITIES]);
    return layers[0]?.derivesH;
  };
  expect(await draw(follows)).toBe(true);
  expect(
    await draw([
      [
        [0.5, 0.25],
        [1, 0.5],
      ],
    ]),
  ).toBe(false);
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
