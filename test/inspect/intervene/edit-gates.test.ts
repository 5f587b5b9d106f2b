import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { lstm, lstmCell } from '../../../src/index.js';
import { editGates, type GateEdit, withUnits } from '../../../src/inspect/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { expectAllClose, expectClose } from '../../support/close.js';
import { float64LSTM } from '../../support/float64-lstm.js';
import { randomTensor } from '../../support/random.js';
import { type Args, BATCH, built, FEATURES, input, KINDS, TIMESTEPS, UNITS } from '../support/editable-layers.js';

const QUANTITIES = ['i', 'f', 'g', 'o', 'c', 'h'] as const;

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

  test('of any gates and states together leaves what it replaces as it is, and the rest follows from it', () => {
    const layers = KINDS.map(([, make]) => built(make));
    fc.assert(
      fc.property(fc.subarray([...QUANTITIES]), fc.nat(TIMESTEPS - 1), fc.nat(KINDS.length - 1), (names, at, kind) => {
        const layer = layers[kind] as tf.layers.RNN;
        // Other than each other, so that one is not taken for another.
        const valueFor = (name: string) => 0.15 * (1 + QUANTITIES.indexOf(name as never));
        const edit: GateEdit = (step, t) =>
          t === at
            ? Object.fromEntries(names.map((name) => [name, withUnits(step[name], [1, 3], valueFor(name))]))
            : undefined;
        const expected = expectedWith(layer, (name, values, t) =>
          values.map((value, u) => (names.includes(name as never) && t === at && u % 2 === 1 ? valueFor(name) : value)),
        );
        tf.tidy(() =>
          expectClose(
            editGates(layer, edit, () => layer.apply(input()) as tf.Tensor),
            expected,
          ),
        );
      }),
      {
        numRuns: 25,
        examples: [
          [['o', 'h'], 1, 0],
          [['f', 'c'], 1, 0],
          [['i', 'c', 'o'], 1, 1],
        ],
      },
    );
  });

  test('needs all states beside a gate where zoneout is applied, but not beside h', () => {
    const layer = lstm({ cell: lstmCell({ units: UNITS, zoneoutCell: 0.5, name: 'zoned' }), returnSequences: true });
    layer.apply(input());
    const run = (edit: GateEdit) => () => editGates(layer, edit, () => layer.apply(input()) as tf.Tensor);
    const rule =
      'editGates: edit must return c and h as well, or h alone: zoneout is applied, so what follows from a gate is not known';
    expect(run(({ f }) => ({ f }))).toThrow(`${rule}, got ['f'] (layer 'zoned')`);
    expect(run(({ c }) => ({ c }))).toThrow(`${rule}, got ['c'] (layer 'zoned')`);
    expect(run(({ o, h }) => ({ o, h }))).toThrow(`${rule}, got ['o', 'h'] (layer 'zoned')`);
    const usual = layer.apply(input()) as tf.Tensor;
    expectClose(run(() => ({}))(), usual);
    expectClose(run(({ f, h, c }) => ({ f, h, c }))(), usual);
    expectClose(run(silence)(), tf.zeros([BATCH, TIMESTEPS, UNITS]), 0);
  });

  test('may set what it replaces, instead of returning it', () => {
    const layer = built(KINDS[1]![1]);
    const run = () => layer.apply(input()) as tf.Tensor;
    const setting: GateEdit = (step) => {
      step.o = tf.onesLike(step.o);
    };
    expectClose(
      editGates(layer, setting, run),
      editGates(layer, ({ o }) => ({ o: tf.onesLike(o) }), run),
      0,
    );
  });

  test.each(KINDS)('may be nested in another in an LSTM of %s: the outer one comes first', (_kind, make) => {
    const layer = built(make);
    const outer: GateEdit = ({ o }) => ({ o: tf.onesLike(o) });
    const inner: GateEdit = ({ o }) => ({ o: tf.mul(o, 0.5) as tf.Tensor2D });
    const half: GateEdit = ({ o }) => ({ o: tf.mul(tf.onesLike(o), 0.5) as tf.Tensor2D });
    const run = () => layer.apply(input()) as tf.Tensor;
    expectClose(
      editGates(layer, outer, () => editGates(layer, inner, run)),
      editGates(layer, half, run),
    );
    const afterInner = editGates(layer, outer, () => {
      editGates(layer, inner, run);
      return run();
    });
    expectClose(afterInner, editGates(layer, outer, run), 0);
  });

  test.each(KINDS)('leaves an LSTM of %s as it was, also when something throws', async (_kind, make) => {
    const layer = built(make);
    const [x, before] = [input(), layer.apply(input()) as tf.Tensor];
    const ownKeys = () => [Object.keys(layer), Object.keys(layer.cell), layer.cell.getConfig()];
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

  test.each(KINDS)('of an LSTM of %s ends with its own promise, and no other with it', async (_kind, make) => {
    const layer = built(make);
    const [first, second] = [({ o }) => ({ o: tf.onesLike(o) }), ({ f }) => ({ f: tf.onesLike(f) })] as [
      GateEdit,
      GateEdit,
    ];
    const run = () => layer.apply(input()) as tf.Tensor;
    const [usual, firstAlone, secondAlone] = [run(), editGates(layer, first, run), editGates(layer, second, run)];
    for (const order of [
      [0, 1],
      [1, 0],
    ] as const) {
      const stop: (() => void)[] = [];
      const running = [first, second].map((edit) =>
        editGates(layer, edit, () => new Promise<void>((end) => stop.push(end))),
      );
      stop[order[0]]?.();
      await running[order[0]];
      expectClose(run(), order[0] === 0 ? secondAlone : firstAlone, 0);
      stop[order[1]]?.();
      await running[order[1]];
      expectClose(run(), usual, 0);
    }
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

  test('holds until a promise of another realm is settled', async () => {
    const layer = built(KINDS[1]![1]);
    const ForeignPromise = runInNewContext('Promise') as PromiseConstructor;
    const end: (() => void)[] = [];
    const running = editGates(layer, silence, () => new ForeignPromise<void>((settle) => end.push(settle)));
    expectClose(layer.apply(input()) as tf.Tensor, tf.zeros([BATCH, TIMESTEPS, UNITS]), 0);
    end[0]?.();
    await running;
    expect(() => expectClose(layer.apply(input()) as tf.Tensor, tf.zeros([BATCH, TIMESTEPS, UNITS]), 0)).toThrow();
  });
});
