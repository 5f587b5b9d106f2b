import * as tf from '@tensorflow/tfjs';
import { lstm, lstmCell } from '../../src/index.js';
import { editGates, type GateEdit, traceLayer, traceModel, withUnits } from '../../src/inspect/index.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectAllClose, expectClose } from '../support/close.js';
import { float64LSTM } from '../support/float64-lstm.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [2, 5, 3, 4];
const QUANTITIES = ['i', 'f', 'g', 'o', 'c', 'h'] as const;

type Args = Partial<tf.LSTMLayerArgs>;

/** An LSTM of each kind. */
const KINDS: [string, (args: Args) => tf.layers.RNN][] = [
  ['this package', (args) => lstm({ units: UNITS, ...args } as tf.LSTMLayerArgs)],
  ['tfjs', (args) => tf.layers.lstm({ units: UNITS, ...args } as tf.LSTMLayerArgs)],
  [
    "this package's cell in tf.layers.rnn",
    (args) => tf.layers.rnn({ ...args, cell: lstmCell({ units: UNITS }) }) as tf.RNN,
  ],
  [
    "tfjs's cell in tf.layers.rnn",
    (args) => tf.layers.rnn({ ...args, cell: tf.layers.lstmCell({ units: UNITS }) }) as tf.RNN,
  ],
];

function built(make: (args: Args) => tf.layers.RNN, args: Args = {}): tf.layers.RNN {
  const layer = make({ returnSequences: true, ...args });
  layer.apply(tf.input({ batchShape: [args.stateful ? BATCH : null, null, FEATURES] }));
  randomizeWeights(layer, 5);
  return layer;
}

const input = () => randomTensor<tf.Rank.R3>([BATCH, TIMESTEPS, FEATURES], 1);

/** The layer's h, in which `edit` intervened in a plain float64 loop: [B][T][U]. */
function expectedWith(
  layer: tf.layers.RNN,
  edit: (quantity: string, values: number[], t: number) => number[],
): number[] {
  const [kernel, recurrentKernel, bias] = layer.getWeights().map((weight) => weight.arraySync()) as [
    number[][],
    number[][],
    number[],
  ];
  const rows: number[] = [];
  for (const sample of input().arraySync()) {
    let [h0, c0] = [new Array(UNITS).fill(0) as number[], new Array(UNITS).fill(0) as number[]];
    for (const [t, x] of sample.entries()) {
      const options = { activation: 'tanh', recurrentActivation: 'hardSigmoid', h0, c0 };
      const [step] = float64LSTM([x], { kernel, recurrentKernel, bias }, options);
      const [i, f, g, o] = (['i', 'f', 'g', 'o'] as const).map((gate) => edit(gate, step![gate], t));
      c0 = edit(
        'c',
        c0.map((c, u) => f![u]! * c + i![u]! * g![u]!),
        t,
      );
      h0 = edit(
        'h',
        c0.map((c, u) => o![u]! * Math.tanh(c)),
        t,
      );
      rows.push(...h0);
    }
  }
  return rows;
}

describe.each(NODE_BACKENDS)('On %s, an edit', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(KINDS)('of any gate or state has its consequences in an LSTM of %s', (_kind, make) => {
    const layer = built(make);
    for (const quantity of QUANTITIES) {
      const edit: GateEdit = (step, t) =>
        t === 1 ? { [quantity]: withUnits(step[quantity], [0, 2], 0.75) } : undefined;
      const edited = editGates(layer, edit, () => layer.apply(input()) as tf.Tensor);
      const expected = expectedWith(layer, (name, values, t) =>
        values.map((value, unit) => (name === quantity && t === 1 && unit % 2 === 0 ? 0.75 : value)),
      );
      expectClose(edited, expected);
      expect(() => expectClose(edited, layer.apply(input()) as tf.Tensor)).toThrow('apart');
    }
  });

  test.each(KINDS)('that replaces nothing changes nothing in an LSTM of %s, whatever it returns', (_kind, make) => {
    const mask = tf.tensor2d([
      [1, 0, 1, 1, 0],
      [1, 1, 1, 0, 1],
    ]);
    const initialState = [randomTensor([BATCH, UNITS], 2), randomTensor([BATCH, UNITS], 3)];
    for (const [returnSequences, returnState, goBackwards] of [
      [false, false, true],
      [false, true, false],
      [true, true, true],
    ]) {
      const layer = built(make, { returnSequences, returnState, goBackwards } as Args);
      const run = () => [layer.apply(input(), { mask, initialState }) as tf.Tensor | tf.Tensor[]].flat();
      expectAllClose(
        editGates(layer, () => undefined, run),
        run(),
      );
      expectAllClose(
        editGates(layer, ({ h }) => ({ h, c: undefined as never }), run),
        run(),
      );
    }
  });

  test.each(KINDS)("sees the input's timestep and what was computed in an LSTM of %s", (_kind, make) => {
    const layer = built(make, { goBackwards: true });
    const seen: number[] = [];
    const note: GateEdit = (step, t) => {
      seen.push(t);
      expect(Object.keys(step).sort()).toEqual([...QUANTITIES].sort());
      return undefined;
    };
    editGates(layer, note, () => layer.apply(input()));
    expect(seen).toEqual([4, 3, 2, 1, 0]);
  });
});

describe('An edit', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  const silence: GateEdit = ({ h }) => ({ h: tf.zerosLike(h) });

  test.each(KINDS)('works inside a model with an LSTM of %s', (_kind, make) => {
    const layer = built(make);
    const model = tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [TIMESTEPS, FEATURES] }), layer] });
    const before = model.predict(input()) as tf.Tensor;
    const silenced = editGates(layer, silence, () => model.predict(input()) as tf.Tensor);
    expectClose(silenced, tf.zeros([BATCH, TIMESTEPS, UNITS]), 0);
    expectClose(model.predict(input()) as tf.Tensor, before, 0);
  });

  test.each(KINDS)('carries the states of a stateful LSTM of %s', (_kind, make) => {
    const layer = built(make, { stateful: true, batchInputShape: [BATCH, TIMESTEPS, FEATURES] });
    const x = input();
    const twice = () => [layer.apply(x) as tf.Tensor, layer.apply(x) as tf.Tensor];
    const expected = twice();
    layer.resetStates();
    const before = tf.memory().numTensors;
    const received = editGates(layer, () => undefined, twice);
    expectAllClose(received, expected);
    expect(tf.memory().numTensors).toBe(before + 2);
    layer.resetStates();
    editGates(layer, ({ c }) => ({ c: tf.onesLike(c) }), twice);
    expectClose(layer.states[1] as tf.Tensor, tf.ones([BATCH, UNITS]), 0);
  });

  test('works on one direction of Bidirectional', () => {
    const layer = tf.layers.bidirectional({ layer: built(KINDS[0]![1]), mergeMode: 'concat' });
    layer.apply(input());
    const { backwardLayer } = layer as unknown as { backwardLayer: tf.layers.RNN };
    const edited = editGates(backwardLayer, silence, () => layer.apply(input()) as tf.Tensor);
    const [forward, backward] = tf.split(edited, 2, 2) as [tf.Tensor, tf.Tensor];
    expectClose(backward, tf.zeros([BATCH, TIMESTEPS, UNITS]), 0);
    expect(() => expectClose(forward, tf.zeros([BATCH, TIMESTEPS, UNITS]), 0)).toThrow();
  });

  test.each(KINDS)('lets gradients through in an LSTM of %s', (_kind, make) => {
    const layer = built(make);
    const edit: GateEdit = ({ f }) => ({ f: withUnits(f, [0, 1, 2, 3], 1) });
    const loss = (x: tf.Tensor) => editGates(layer, edit, () => tf.sum(layer.apply(x) as tf.Tensor)) as tf.Scalar;
    const [x, shift] = [input(), randomTensor([BATCH, TIMESTEPS, FEATURES], 9, 0.005)];
    const difference = tf.sub(loss(tf.add(x, shift)), loss(tf.sub(x, shift)));
    expectClose(tf.mul(2, tf.sum(tf.mul(tf.grad(loss)(x), shift))), difference, 1e-3);
  });

  test.each(KINDS)('is seen by traces of an LSTM of %s', (_kind, make) => {
    const layer = built(make, { batchInputShape: [null, TIMESTEPS, FEATURES] });
    const model = tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [TIMESTEPS, FEATURES] }), layer] });
    const openForgetGate: GateEdit = ({ f }) => ({ f: withUnits(f, [1], 1) });
    const output = editGates(layer, openForgetGate, () => layer.apply(input()) as tf.Tensor);
    const traces = [
      editGates(layer, openForgetGate, () => traceLayer(layer, input())),
      editGates(layer, openForgetGate, () => traceModel(model, input()))[0]!.trace,
    ];
    for (const { f, h } of traces) {
      expectClose(h, output, 0);
      expectClose(tf.gather(f, [1], 2), tf.ones([BATCH, TIMESTEPS, 1]), 0);
    }
    expect(() => expectClose(traceLayer(layer, input()).h, output, 0)).toThrow();
  });

  test.each(KINDS)('may be nested in another of an LSTM of %s: the outer one comes first', (_kind, make) => {
    const layer = built(make);
    const outer: GateEdit = ({ o }) => ({ o: tf.onesLike(o) });
    const inner: GateEdit = ({ o }) => ({ o: tf.mul(o, 0.5) as tf.Tensor2D });
    const both: GateEdit = ({ o }) => ({ o: tf.fill(o.shape, 0.5) as tf.Tensor2D });
    const run = () => layer.apply(input()) as tf.Tensor;
    const nested = editGates(layer, outer, () => editGates(layer, inner, run));
    expectClose(nested, editGates(layer, both, run), 0);
    const afterInner = editGates(layer, outer, () => {
      editGates(layer, inner, run);
      return run();
    });
    expectClose(afterInner, editGates(layer, outer, run), 0);
  });

  test.each(KINDS)('leaves an LSTM of %s as it was, also when something throws', async (_kind, make) => {
    const layer = built(make);
    const [x, before] = [input(), layer.apply(input()) as tf.Tensor];
    const ownKeys = () => [Object.keys(layer), layer.cell.getConfig()];
    const keys = ownKeys();
    const count = tf.memory().numTensors;
    const halfway = () => {
      throw new Error('halfway');
    };
    tf.dispose(editGates(layer, silence, () => layer.apply(x) as tf.Tensor));
    expect(() => editGates(layer, silence, halfway)).toThrow('halfway');
    expect(() => editGates(layer, halfway, () => layer.apply(x))).toThrow('halfway');
    await expect(editGates(layer, silence, async () => halfway())).rejects.toThrow('halfway');
    expect(tf.memory().numTensors).toBe(count);
    expect(ownKeys()).toEqual(keys);
    expectClose(layer.apply(x) as tf.Tensor, before, 0);
  });

  test('holds until a promise of run is settled', async () => {
    const layer = built(KINDS[1]![1]);
    const later = editGates(layer, silence, async () => {
      await Promise.resolve();
      return layer.apply(input()) as tf.Tensor;
    });
    expectClose(await later, tf.zeros([BATCH, TIMESTEPS, UNITS]), 0);
    expect(() => expectClose(layer.apply(input()) as tf.Tensor, tf.zeros([BATCH, TIMESTEPS, UNITS]), 0)).toThrow();
  });

  test('tells what is wrong with the layer or with what it returned, and leaves nothing behind', () => {
    const layer = built(KINDS[1]![1]);
    const x = input();
    const dense = tf.layers.dense({ units: 3 });
    const stacked = tf.layers.rnn({ cell: [lstmCell({ units: 2 }), lstmCell({ units: 2 })] });
    const wrong = tf.zeros([2, 3]) as tf.Tensor2D;
    const count = tf.memory().numTensors;
    const run = () => layer.apply(x);
    const refused: [() => unknown, RegExp][] = [
      [
        () => editGates(dense, silence, run),
        /^editGates: layer must be an LSTM, or tf\.layers\.rnn over one LSTM cell, got/,
      ],
      [() => editGates(stacked, silence, run), /^editGates: layer must be an LSTM, or/],
      [
        () => editGates(lstm({ units: 2, name: 'new' }), silence, run),
        /^editGates: the layer must be built first, .*\(layer 'new'\)/,
      ],
      [
        () => editGates(layer, () => ({ z: wrong }) as never, run),
        /^editGates: edit must return some of i, f, g, o, c, h, got 'z'/,
      ],
      [() => editGates(layer, () => ({ f: wrong }), run), /^editGates: f must be \[B, U\] = \[2, 4\], got \[2, 3\]/],
      [() => editGates(layer, () => ({ c: 1 }) as never, run), /^editGates: c must be \[B, U\] = \[2, 4\], got 1/],
      [() => editGates(undefined as never, silence, run), /^editGates: layer must be an LSTM, .* got undefined/],
      [() => editGates(layer, { f: 1 } as never, run), /^editGates: edit must be a function, got an object/],
      [() => editGates(layer, silence, undefined as never), /^editGates: run must be a function, got undefined/],
      [() => editGates(layer, () => 3 as never, run), /^editGates: edit must return an object of tensors, .* got 3/],
      [() => editGates(layer, (async () => ({})) as never, run), /^editGates: edit must return an .* class Promise/],
      [
        () => editGates(layer, ({ f }) => ({ f: withUnits(f, [4], 0) }), run),
        /^withUnits: units must be from 0 to 3, got 4/,
      ],
      [
        () => editGates(layer, ({ f }) => ({ f: withUnits(f, [0.5], 0) }), run),
        /^withUnits: units must be from 0 to 3, got 0\.5/,
      ],
    ];
    for (const [attempt, message] of refused) expect(attempt).toThrow(message);
    expect(tf.memory().numTensors).toBe(count);
  });
});
