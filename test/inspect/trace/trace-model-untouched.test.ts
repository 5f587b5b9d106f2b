import * as tf from '@tensorflow/tfjs';
import { lstmCell } from '../../../src/index.js';
import { traceBytes, traceLayer, traceModel } from '../../../src/inspect/index.js';
import * as traceModule from '../../../src/layers/trace.js';
import { useBackend } from '../../../tools/backends.js';
import { Scale } from '../../convert/support/custom-layers.js';
import { builtIn, dense, predict, type Symbolic } from '../../convert/support/models.js';
import { randomTensor } from '../../support/random.js';
import { CASES, MADE } from '../support/kinds.js';
import { expectSameTrace, expectSameTraces, fingerprint, nameOf } from '../support/traced.js';

/** Stateful layers of every kind, LSTM or not, of which one has more than one output in use. */
function statefulModel(kind: keyof typeof MADE): tf.LayersModel {
  const stateful = { stateful: true, returnSequences: true };
  const x = tf.input({ batchShape: [2, 5, 3] });
  const gru = tf.layers.gru({ units: 4, name: 'gru', ...stateful }).apply(x) as Symbolic;
  const first = builtIn({ units: 4, name: 'first', ...stateful }).apply(gru) as Symbolic;
  const both = tf.layers.bidirectional({
    layer: builtIn({ units: 3, ...stateful }),
    mergeMode: 'concat',
    name: 'both',
  });
  const cell = [tf.layers.lstmCell({ units: 2 }), tf.layers.simpleRNNCell({ units: 2 })];
  const stack = tf.layers.rnn({ cell, name: 'stack', ...stateful } as tf.RNNLayerArgs);
  const last = builtIn({ units: 3, stateful: true, returnState: true, name: 'last' });
  const outputs = last.apply(stack.apply(both.apply(first))) as Symbolic[];
  const model = tf.model({ inputs: x, outputs });
  const made = MADE[kind](model);
  predict(made, [randomTensor([2, 5, 3], 7)]);
  return made;
}

describe.each(CASES)('On %s, tracing a model of %s layers', (backend, kind) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('starts from the states of stateful layers and changes none of them', () => {
    const model = statefulModel(kind);
    const x = randomTensor([2, 5, 3], 1);
    const before = fingerprint(model);
    const { numTensors } = tf.memory();
    const traces = traceModel(model, x);
    const names = ['first forward 0', 'both forward 0', 'both backward 0', 'stack forward 0', 'last forward 0'];
    expect(traces.map(nameOf)).toEqual(names.map((name) => `${name} 0`));
    expect(fingerprint(model)).toEqual(before);
    expectSameTraces(traceModel(model, x), traces);

    const { first, gru, last } = Object.fromEntries(model.layers.map((layer) => [layer.name, layer as tf.layers.RNN]));
    const states = (gru as unknown as { states_: tf.Tensor[] }).states_.map((state) => tf.keep(tf.clone(state)));
    const lastStates = (last as unknown as { states_: tf.Tensor[] }).states_.map((state) => state.dataSync());
    expect([traces[4]!.trace.h0.dataSync(), traces[4]!.trace.c0.dataSync()]).toEqual(lastStates);
    const throughGRU = tf.layers.gru({ units: 4, returnSequences: true });
    throughGRU.apply(tf.input({ shape: [5, 3] }));
    throughGRU.setWeights(gru!.getWeights());
    expectSameTrace(
      traces[0]!.trace,
      traceLayer(first!, throughGRU.apply(x, { initialState: states } as never) as tf.Tensor),
    );
    tf.dispose([states, throughGRU.getWeights()]);
    for (const { trace } of traces) trace.dispose();
    expect(tf.memory().numTensors).toBeGreaterThanOrEqual(numTensors);
  });

  test('leaves no tensor behind and predicts as if it had not been', () => {
    const [model, other] = [statefulModel(kind), statefulModel(kind)];
    const x = randomTensor([2, 5, 3], 1);
    const { numTensors } = tf.memory();
    traceBytes(model, x);
    for (const { trace } of traceModel(model, x)) trace.dispose();
    for (const { trace } of traceModel(model, x, { units: [1] })) trace.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(predict(model, [x])).toEqual(predict(other, [x]));
    expect(fingerprint(model).map(({ call }) => call)).not.toContain(true);
  });

  test('that throws halfway leaves no tensor behind, no method replaced and the states as they were', () => {
    const args = { mode: 'LSTM', description: null };
    const x = tf.input({ batchShape: [2, 5, 3] });
    const cell = [tf.layers.lstmCell({ units: 4 }), tf.layers.lstmCell({ units: 4 })];
    const second = tf.layers.rnn({ cell, returnSequences: true }).apply(x) as Symbolic;
    const broken = new Scale(args).apply(dense(2).apply(second)) as Symbolic;
    const inner = tf.model({ inputs: x, outputs: broken, name: 'inner' });
    const y = tf.input({ batchShape: [2, 5, 3] });
    const first = builtIn({ units: 3, stateful: true, returnSequences: true }).apply(y) as Symbolic;
    const model = MADE[kind](tf.model({ inputs: y, outputs: inner.apply(first) as Symbolic }));
    const { layers } = model.getLayer('inner') as tf.LayersModel;
    const scale = layers.find((layer) => layer.getClassName() === 'TestScale') as unknown as { args: typeof args };
    predict(model, [randomTensor([2, 5, 3], 7)]);
    const before = fingerprint(model);
    const { numTensors } = tf.memory();
    const input = randomTensor([2, 5, 3], 1);
    scale.args = { ...args, mode: 'broken' };
    for (const look of [traceModel, traceBytes]) expect(() => look(model, input)).toThrow('the mode is broken');
    expect(tf.memory().numTensors).toBe(numTensors + 1);
    expect(fingerprint(model)).toEqual(before);
    scale.args = args;
    expect(traceModel(model, input)).toHaveLength(3);
  });

  test('that throws in the middle of a sequence leaves nothing behind either', () => {
    const cell = [tf.layers.lstmCell({ units: 4 }), tf.layers.lstmCell({ units: 4 })];
    const stack = tf.layers.rnn({ cell, inputShape: [5, 3] });
    const model = MADE[kind](tf.sequential({ layers: [stack] }));
    const [, second] = (model.layers[0] as unknown as { cell: { cells: tf.layers.Layer[] } }).cell.cells;
    const call = second!.call.bind(second);
    const input = randomTensor([2, 5, 3], 1);
    const { numTensors } = tf.memory();
    let steps = 0;
    second!.call = (...args) => {
      if (++steps === 3) throw new Error('the third step failed');
      return call(...args);
    };
    expect(() => traceModel(model, input)).toThrow('the third step failed');
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  test('that throws after the model has run leaves nothing behind either', () => {
    const layers = [builtIn({ units: 4, returnSequences: true, inputShape: [5, 3] }), builtIn({ units: 4 }), dense(2)];
    const model = MADE[kind](tf.sequential({ layers }));
    const input = randomTensor([2, 5, 3], 1);
    const { numTensors } = tf.memory();
    const { traceOfRun } = traceModule;
    const spy = jest.spyOn(traceModule, 'traceOfRun').mockImplementation((...args) => {
      if (spy.mock.calls.length === 2) throw new Error('out of memory');
      return traceOfRun(...args);
    });
    expect(() => traceModel(model, input)).toThrow('out of memory');
    spy.mockRestore();
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  test('leaves methods of the caller on its layers in place', () => {
    const model = MADE[kind](tf.sequential({ layers: [builtIn({ units: 4, inputShape: [5, 3] })] }));
    const [layer] = model.layers as [tf.layers.Layer];
    let count = 0;
    const call = layer.call.bind(layer);
    const counting: typeof layer.call = (...args) => {
      count++;
      return call(...args);
    };
    layer.call = counting;
    traceModel(model, randomTensor([3, 5, 3], 1));
    expect(layer.call).toBe(counting);
    expect(count).toBe(1);
  });
});

describe('Tracing a model with dropout', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(['built-in', 'explicit'])(
    'draws no mask for a %s cell in tf.layers.rnn, which would keep it for ever',
    (kind) => {
      const args = { units: 4, dropout: 0.5, recurrentDropout: 0.5 };
      const cell = kind === 'built-in' ? tf.layers.lstmCell(args) : lstmCell(args);
      const layer = tf.layers.rnn({ cell: [cell, tf.layers.gruCell(args)], inputShape: [5, 3] });
      const model = tf.sequential({ layers: [layer] });
      // A Sequential puts off its own building until it is first used.
      model.build();
      const before = fingerprint(model);
      const { numTensors } = tf.memory();
      const x = tf.ones([3, 5, 3]);
      for (const { trace } of traceModel(model, x)) trace.dispose();
      expect(tf.memory().numTensors).toBe(numTensors + 1);
      expect(fingerprint(model)).toEqual(before);
      const plain = tf.layers.rnn({ cell: [lstmCell({ units: 4 }), tf.layers.gruCell({ units: 4 })] });
      const withoutDropout = () => plain.apply(x) as tf.Tensor;
      withoutDropout();
      for (const [n, weight] of plain.weights.entries()) weight.write(layer.weights[n]!.read());
      const trained = layer.apply(x, { training: true }) as tf.Tensor;
      expect(trained.dataSync()).not.toEqual(withoutDropout().dataSync());
    },
  );

  test('keeps the mask that a built-in layer has left from training', () => {
    const layer = builtIn({ units: 4, dropout: 0.5, recurrentDropout: 0.5, inputShape: [5, 3] });
    const model = tf.sequential({ layers: [layer] });
    model.build();
    const x = tf.ones([3, 5, 3]);
    layer.apply(x, { training: true });
    const before = fingerprint(model);
    const { numTensors } = tf.memory();
    for (const { trace } of traceModel(model, x)) trace.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(fingerprint(model)).toEqual(before);
  });
});
