import * as tf from '@tensorflow/tfjs';
import { traceLayer, traceModel } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { builtIn, dense, type Symbolic } from '../../convert/support/models.js';
import { randomTensor } from '../../support/random.js';
import { CASES, MADE } from '../support/kinds.js';
import { expectSameTrace, nameOf, traceOf, valueAt } from '../support/traced.js';

describe.each(CASES)('On %s, traceModel of %s layers', (backend, kind) => {
  const made = MADE[kind];
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test('gives each LSTM what the layers before it put out', () => {
    const a = tf.input({ shape: [5, 3], name: 'a' });
    const b = tf.input({ shape: [5, 2], name: 'b' });
    const joined = tf.layers.concatenate({ name: 'joined' }).apply([a, b]) as Symbolic;
    const first = builtIn({ units: 4, returnSequences: true, goBackwards: true, name: 'first' }).apply(joined);
    const second = builtIn({ units: 3, activation: 'relu', name: 'second' }).apply(
      dense(2, 'between').apply(first as Symbolic),
    );
    const model = made(tf.model({ inputs: [a, b], outputs: second as Symbolic }));
    const inputs = [randomTensor([3, 5, 3], 1), randomTensor([3, 5, 2], 2)];
    const expected = { first: 'joined', second: 'between' };
    for (const form of [inputs, { b: inputs[1]!, a: inputs[0]! }]) {
      const traces = traceModel(model, form);
      expect(traces.map(nameOf)).toEqual(['first backward 0 0', 'second forward 0 0']);
      for (const [n, [name, before]] of Object.entries(expected).entries()) {
        const x = valueAt(model, model.getLayer(before).output, inputs);
        expectSameTrace(traces[n]!.trace, traceLayer(model.getLayer(name), x));
      }
    }
  });

  test('takes each outer timestep of a time distributed layer for a call', () => {
    const x = tf.input({ shape: [3, 5, 2] });
    const inner = tf.sequential({ layers: [dense3(), builtIn({ units: 4, name: 'lstm' })] });
    const outputs = tf.layers.timeDistributed({ layer: inner, name: 'over' }).apply(x) as Symbolic;
    const model = made(tf.model({ inputs: x, outputs }));
    const input = randomTensor([2, 3, 5, 2], 1);
    const traces = traceModel(model, input);
    expect(traces.map(nameOf)).toEqual([0, 1, 2].map((call) => `over/lstm forward 0 ${call}`));
    const within = (model.getLayer('over') as unknown as { layer: tf.Sequential }).layer;
    for (const [t, slice] of tf.unstack(input, 1).entries()) {
      const before = within.layers[0]!.apply(slice) as tf.Tensor;
      expectSameTrace(traces[t]!.trace, traceLayer(within.getLayer('lstm'), before));
    }
  });

  test('follows nested models to an LSTM at any depth, as often as they are called', () => {
    const inner = tf.sequential({
      name: 'inner',
      layers: [builtIn({ units: 3, returnSequences: true, inputShape: [5, 3], name: 'deep' }), dense(3)],
    });
    const x = tf.input({ shape: [5, 3] });
    const twice = inner.apply(inner.apply(x)) as Symbolic;
    const middle = tf.model({
      inputs: x,
      outputs: builtIn({ units: 2, name: 'top' }).apply(twice) as Symbolic,
      name: 'm',
    });
    const y = tf.input({ shape: [5, 3] });
    const model = made(tf.model({ inputs: y, outputs: dense(2).apply(middle.apply(y)) as Symbolic }));
    const input = randomTensor([2, 5, 3], 1);
    const traces = traceModel(model, input);
    expect(traces.map(nameOf)).toEqual(['m/inner/deep forward 0 0', 'm/inner/deep forward 0 1', 'm/top forward 0 0']);
    const middleModel = model.getLayer('m') as tf.LayersModel;
    const innerModel = middleModel.getLayer('inner') as tf.Sequential;
    const once = innerModel.apply(input) as tf.Tensor;
    const deep = innerModel.getLayer('deep');
    expectSameTrace(traces[0]!.trace, traceLayer(deep, input));
    expectSameTrace(traces[1]!.trace, traceLayer(deep, once));
    expectSameTrace(traces[2]!.trace, traceLayer(middleModel.getLayer('top'), innerModel.apply(once) as tf.Tensor));
  });

  test('counts the uses of a shared layer, also where two uses have the same input', () => {
    const [a, b] = [tf.input({ shape: [5, 3] }), tf.input({ shape: [5, 3] })];
    const shared = builtIn({ units: 4, returnState: true, name: 'shared' });
    const outputs = [a, b, a].flatMap((x) => shared.apply(x) as Symbolic[]);
    const model = made(tf.model({ inputs: [a, b], outputs }));
    const inputs = [randomTensor([3, 5, 3], 1), randomTensor([3, 5, 3], 2)];
    const traces = traceModel(model, inputs);
    expect(traces.map(nameOf)).toEqual([0, 1, 2].map((call) => `shared forward 0 ${call}`));
    for (const [call, x] of [inputs[0]!, inputs[1]!, inputs[0]!].entries()) {
      expectSameTrace(traces[call]!.trace, traceLayer(model.getLayer('shared'), x));
    }
  });

  test('takes the runs that tfjs makes for each output, of a layer or a nested model, for one call', () => {
    const x = tf.input({ shape: [5, 3] });
    const states = builtIn({ units: 4, returnState: true, name: 'lstm' }).apply(x) as Symbolic[];
    const inner = tf.model({ inputs: x, outputs: states, name: 'inner' });
    const [y, z] = [tf.input({ shape: [5, 3] }), tf.input({ shape: [5, 3] })];
    const outputs = [...(inner.apply(y) as Symbolic[]), ...(inner.apply(z) as Symbolic[])];
    const model = made(tf.model({ inputs: [y, z], outputs }));
    const inputs = [randomTensor([3, 5, 3], 1), randomTensor([3, 5, 3], 2)];
    const traces = traceModel(model, inputs);
    expect(traces.map(nameOf)).toEqual([0, 1].map((call) => `inner/lstm forward 0 ${call}`));
    const layer = (model.getLayer('inner') as tf.LayersModel).getLayer('lstm');
    for (const [n, { trace }] of traces.entries()) expectSameTrace(trace, traceLayer(layer, inputs[n]!));
  });

  test('names the two directions of a Bidirectional after it, and starts each from its own states', () => {
    const inputs = [[5, 3], [4], [4], [4], [4]].map((shape) => tf.input({ shape }));
    const layer = builtIn({ units: 4, returnSequences: true, goBackwards: true });
    const both = tf.layers.bidirectional({ layer, mergeMode: 'concat', name: 'both' });
    const model = made(tf.model({ inputs, outputs: both.apply(inputs) as Symbolic }));
    const tensors = [
      [3, 5, 3],
      [3, 4],
      [3, 4],
      [3, 4],
      [3, 4],
    ].map((shape, n) => randomTensor(shape, n + 1));
    const traces = traceModel(model, tensors);
    expect(traces.map(nameOf)).toEqual(['both backward 0 0', 'both forward 0 0']);
    const wrapper = model.getLayer('both') as unknown as Record<'forwardLayer' | 'backwardLayer', tf.layers.RNN>;
    const [x, ...states] = tensors as [tf.Tensor, ...tf.Tensor[]];
    const options = [{ initialState: states.slice(0, 2) }, { initialState: states.slice(2) }] as const;
    expectSameTrace(traceOf(traces, 'both backward 0 0'), traceLayer(wrapper.forwardLayer, x, options[0]));
    expectSameTrace(traceOf(traces, 'both forward 0 0'), traceLayer(wrapper.backwardLayer, x, options[1]));
  });

  test('is tidied with everything else in a tidy of the caller', () => {
    const model = made(tf.sequential({ layers: [builtIn({ units: 4, inputShape: [5, 3] })] }));
    const x = randomTensor([3, 5, 3], 1);
    const { numTensors } = tf.memory();
    tf.tidy(() => {
      traceModel(model, x);
    });
    expect(tf.memory().numTensors).toBe(numTensors);
    const means = tf.tidy(() => traceModel(model, x).map(({ trace }) => tf.mean(trace.f)));
    expect(tf.memory().numTensors).toBe(numTensors + 1);
    expect(means[0]!.dataSync()[0]).toBeGreaterThan(0);
  });
});

function dense3() {
  return tf.layers.dense({ units: 3, inputShape: [5, 2], activation: 'tanh' });
}
