import * as tf from '@tensorflow/tfjs';
import { editGates, type GateEdit, type LayerTrace, traceLayer, traceModel } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { expectAllClose, expectClose } from '../../support/close.js';
import { LAYER_KIND_NAMES, LAYER_KINDS, type LayerKind } from '../../support/layer-kinds.js';
import { randomizeWeights, randomTensor } from '../../support/random.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [2, 5, 3, 4];
const STEP = [BATCH, UNITS];

function built(kind: LayerKind, args: object = {}): tf.layers.RNN {
  const layer = LAYER_KINDS[kind]({ units: UNITS, ...args });
  layer.apply(tf.input({ shape: [null as unknown as number, FEATURES] }));
  randomizeWeights(layer, 5);
  return layer;
}

const input = (timesteps = TIMESTEPS) => randomTensor<tf.Rank.R3>([BATCH, timesteps, FEATURES], 1);
const constant = (seed: number) => randomTensor<tf.Rank.R2>(STEP, seed);
const lastStep = (sequence: tf.Tensor) =>
  tf.squeeze(tf.slice(sequence, [0, sequence.shape[1]! - 1, 0], [-1, 1, -1]), [1]);

describe.each(LAYER_KIND_NAMES)('In %s, an edit', (kind) => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('shows in a trace that is made in the meantime, and in no later one', () => {
    const layer = built(kind);
    const [i, f, g, o] = [constant(11), constant(12), constant(13), constant(14)];
    const usual = traceLayer(layer, input(2));
    const edited = editGates(
      layer,
      () => ({ i, f, g, o }),
      () => traceLayer(layer, input(2)),
    );
    const c1 = tf.mul(i, g);
    const c2 = tf.add(tf.mul(f, c1), c1);
    const twice = (gate: tf.Tensor) => tf.stack([gate, gate], 1);
    expectAllClose([edited.i, edited.f, edited.g, edited.o], [i, f, g, o].map(twice), 0);
    expectClose(edited.c, tf.stack([c1, c2], 1));
    expectClose(edited.h, tf.stack([tf.mul(o, tf.tanh(c1)), tf.mul(o, tf.tanh(c2))], 1));
    expectClose(traceLayer(layer, input(2)).h, usual.h, 0);
  });

  test('shows in a trace of the model that is made in the meantime', () => {
    const x = tf.input({ shape: [TIMESTEPS, FEATURES] });
    const layer = built(kind);
    const model = tf.model({ inputs: x, outputs: layer.apply(x) as tf.SymbolicTensor });
    const edit: GateEdit = ({ f }) => ({ f: tf.onesLike(f) });
    const [h, traces] = editGates(layer, edit, () => [model.predict(input()) as tf.Tensor, traceModel(model, input())]);
    expect(traces).toHaveLength(1);
    const { trace } = traces[0] as LayerTrace;
    expectClose(trace.f, tf.onesLike(trace.f), 0);
    expectClose(lastStep(trace.h), h);
  });

  test('of several quantities gives each the value returned, and what was not returned follows', () => {
    const layer = built(kind);
    const initialState = [constant(2), constant(3)] as [tf.Tensor2D, tf.Tensor2D];
    const run = () => traceLayer(layer, input(1), { initialState });
    const last = (name: 'i' | 'f' | 'g' | 'o') => lastStep(usual[name]);
    const usual = run();
    const [one, other] = [constant(21), constant(22)];
    const cWith = ({ i = last('i'), f = last('f'), g = last('g') }) => tf.add(tf.mul(f, initialState[1]), tf.mul(i, g));
    const cases: [edit: object, c: tf.Tensor, h: tf.Tensor][] = [
      [{ f: one, c: other }, other, tf.mul(last('o'), tf.tanh(other))],
      [{ o: one, c: other }, other, tf.mul(one, tf.tanh(other))],
      [{ i: one, h: other }, cWith({ i: one }), other],
      [{ g: one, h: other }, cWith({ g: one }), other],
      [{ o: one, h: other }, lastStep(usual.c), other],
      [{ c: one, h: other }, one, other],
      [{ f: one, o: other }, cWith({ f: one }), tf.mul(other, tf.tanh(cWith({ f: one })))],
    ];
    for (const [edit, c, h] of cases) {
      const edited = editGates(layer, () => edit, run);
      expectAllClose([lastStep(edited.c), lastStep(edited.h)], [c, h]);
    }
  });

  test("leaves the tensors that it returns the caller's", () => {
    const layer = built(kind, { returnState: true });
    const mine = { h: constant(31), c: constant(32) };
    const edit: GateEdit = () => mine;
    tf.dispose(editGates(layer, edit, () => layer.apply(input()) as tf.Tensor[]));
    editGates(layer, edit, () => traceLayer(layer, input(), { units: [2, 0] })).dispose();
    expect([mine.h.isDisposed, mine.c.isDisposed]).toEqual([false, false]);
  });

  test('is at work where the layer is called without keyword arguments', () => {
    const layer = built(kind);
    const edit: GateEdit = ({ h }) => ({ h: tf.zerosLike(h) });
    expectClose(editGates(layer, edit, () => layer.call(input(), undefined as never)) as tf.Tensor, tf.zeros(STEP), 0);
  });

  test('starts from the states that follow x, as those of a model do', () => {
    const layer = built(kind);
    const states = [constant(41), constant(42)];
    const openGate: GateEdit = ({ o }) => ({ o: tf.onesLike(o) });
    const inputs = [[TIMESTEPS, FEATURES], [UNITS], [UNITS]].map((shape) => tf.input({ shape }));
    const model = tf.model({ inputs, outputs: layer.apply(inputs) as tf.SymbolicTensor });
    const initialState = states as [tf.Tensor, tf.Tensor];
    const expected = editGates(layer, openGate, () => lastStep(traceLayer(layer, input(), { initialState }).h));
    const ofList = editGates(layer, openGate, () => layer.apply([input(), ...states]) as tf.Tensor);
    const ofModel = editGates(layer, openGate, () => model.predict([input(), ...states]) as tf.Tensor);
    expectAllClose([ofList, ofModel], [expected, expected]);
    const fromZeros = editGates(layer, openGate, () => layer.apply(input()) as tf.Tensor);
    expect(() => expectClose(ofModel, fromZeros)).toThrow('apart');
  });
});
