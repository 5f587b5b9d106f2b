import * as tf from '@tensorflow/tfjs';
import { Mirror, Scale, Twice } from './custom-layers';
import { builtIn, dense, type Symbolic } from './models';

/** Models with built-in LSTMs wherever tfjs can have them. */
export const EXAMPLES: Record<string, () => tf.LayersModel> = {
  'a sequential model': () =>
    tf.sequential({ layers: [builtIn({ units: 4, inputShape: [5, 3], name: 'encoder' }), dense(2)] }),

  'a sequential model with an input layer and two LSTMs': () =>
    tf.sequential({
      name: 'two',
      layers: [
        tf.layers.inputLayer({ inputShape: [5, 3], name: 'x' }),
        builtIn({ units: 4, returnSequences: true, goBackwards: true }),
        builtIn({ units: 3, useBias: false, activation: 'relu', recurrentActivation: 'sigmoid' }),
      ],
    }),

  'a functional model': () => {
    const x = tf.input({ shape: [5, 3], name: 'x' });
    const h = builtIn({ units: 4, unitForgetBias: true }).apply(x) as Symbolic;
    return tf.model({ inputs: x, outputs: dense(2).apply(h) as Symbolic, name: 'functional' });
  },

  'several inputs and outputs': () => {
    const [a, b] = [tf.input({ shape: [5, 3], name: 'a' }), tf.input({ shape: [4, 2], name: 'b' })];
    const [sequence, h, c] = builtIn({ units: 4, returnSequences: true, returnState: true }).apply(a) as Symbolic[];
    const other = builtIn({ units: 3 }).apply(b) as Symbolic;
    const joined = tf.layers.concatenate().apply([h as Symbolic, other]) as Symbolic;
    return tf.model({
      inputs: [b, a],
      outputs: [dense(2).apply(joined) as Symbolic, sequence as Symbolic, c as Symbolic],
    });
  },

  'an encoder and a decoder that starts from its states': () => {
    const [source, target] = [tf.input({ shape: [5, 3] }), tf.input({ shape: [4, 2] })];
    const [, ...states] = builtIn({ units: 4, returnState: true, name: 'encoder' }).apply(source) as Symbolic[];
    const decoder = builtIn({ units: 4, returnSequences: true, name: 'decoder' });
    const decoded = decoder.apply(target, { initialState: states } as never) as Symbolic;
    return tf.model({ inputs: [source, target], outputs: dense(2).apply(decoded) as Symbolic });
  },

  'a bidirectional encoder whose states a bidirectional decoder starts from': () => {
    const [source, target] = [tf.input({ shape: [5, 3] }), tf.input({ shape: [4, 2] })];
    const encoder = tf.layers.bidirectional({ layer: builtIn({ units: 4, returnState: true }), mergeMode: 'concat' });
    const [, ...states] = encoder.apply(source) as Symbolic[];
    const decoder = tf.layers.bidirectional({ layer: builtIn({ units: 4 }), mergeMode: 'sum' });
    return tf.model({ inputs: [source, target], outputs: decoder.apply([target, ...states]) as Symbolic });
  },

  'one layer for two inputs': () => {
    const [a, b] = [tf.input({ shape: [5, 3] }), tf.input({ shape: [5, 3] })];
    const shared = builtIn({ units: 4, name: 'shared' });
    const [first, second] = [shared.apply(a) as Symbolic, shared.apply(b) as Symbolic];
    return tf.model({ inputs: [a, b], outputs: [dense(2).apply(first) as Symbolic, second] });
  },

  'one layer at different depths, the deeper call first': () => calledAtDifferentDepths(),

  'such a model distributed over time': () => {
    const x = tf.input({ shape: [2, 5, 3] });
    const outputs = tf.layers.timeDistributed({ layer: calledAtDifferentDepths('sum') }).apply(x) as Symbolic;
    return tf.model({ inputs: x, outputs });
  },

  'a layer that a sequential model starts with and that is called before it': () => {
    const shared = builtIn({ units: 3, returnSequences: true, inputShape: [5, 3] });
    const inner = tf.sequential({ layers: [shared, dense(3)] });
    const x = tf.input({ shape: [5, 3] });
    return tf.model({ inputs: x, outputs: inner.apply(shared.apply(x)) as Symbolic });
  },

  'a sequential model whose first layer got its input beforehand': () => {
    const layer = builtIn({ units: 4, name: 'encoder' });
    layer.apply(tf.input({ shape: [5, 3], name: 'x' }));
    return tf.sequential({ layers: [layer, dense(2)] });
  },

  'a layer that is also called outside of the model': () => {
    const [x, elsewhere] = [tf.input({ shape: [5, 3] }), tf.input({ shape: [5, 3] })];
    const layer = builtIn({ units: 4 });
    layer.apply(elsewhere);
    return tf.model({ inputs: x, outputs: layer.apply(x) as Symbolic });
  },

  'a sequential model in a functional one in a sequential one': () => {
    const inner = tf.sequential({
      name: 'inner',
      layers: [builtIn({ units: 3, returnSequences: true, inputShape: [5, 3] }), dense(3)],
    });
    const x = tf.input({ shape: [5, 3] });
    const twice = inner.apply(inner.apply(x)) as Symbolic;
    const middle = tf.model({
      inputs: x,
      outputs: builtIn({ units: 4, returnSequences: true }).apply(twice) as Symbolic,
    });
    return tf.sequential({ layers: [dense3D([5, 2], 3), middle, builtIn({ units: 2 })] });
  },

  'a sequential model that starts with a functional one': () => {
    const x = tf.input({ shape: [5, 3], name: 'x' });
    const first = tf.model({ inputs: x, outputs: builtIn({ units: 4, returnSequences: true }).apply(x) as Symbolic });
    return tf.sequential({ layers: [first, builtIn({ units: 2 })] });
  },

  'a layer that two nested models share': () => {
    const shared = builtIn({ units: 3, returnSequences: true, name: 'shared' });
    const nested = ['left', 'right'].map((name) => {
      const x = tf.input({ shape: [5, 3] });
      return tf.model({ inputs: x, outputs: dense(2).apply(shared.apply(x)) as Symbolic, name });
    });
    const x = tf.input({ shape: [5, 3] });
    return tf.model({ inputs: x, outputs: nested.map((model) => model.apply(x) as Symbolic) });
  },

  ...Object.fromEntries(
    (['concat', 'sum', 'mul', 'ave', null] as const).map((mergeMode) => [
      `a bidirectional LSTM merged by ${mergeMode}`,
      () => {
        const x = tf.input({ shape: [5, 3] });
        const layer = builtIn({ units: 4, returnSequences: true });
        const outputs = tf.layers.bidirectional({ layer, mergeMode: mergeMode as 'concat' }).apply(x);
        return tf.model({ inputs: x, outputs: outputs as Symbolic[] });
      },
    ]),
  ),

  'an LSTM, and a model with one, distributed over time': () => {
    const x = tf.input({ shape: [2, 5, 3] });
    const layer = tf.layers.timeDistributed({ layer: builtIn({ units: 4 }) }).apply(x) as Symbolic;
    const inner = tf.sequential({ layers: [builtIn({ units: 3, inputShape: [5, 3] }), dense(2)] });
    const model = tf.layers.timeDistributed({ layer: inner }).apply(x) as Symbolic;
    return tf.model({ inputs: x, outputs: [layer, model] });
  },

  'one cell': () => {
    const cell = tf.layers.lstmCell({ units: 4, name: 'cell' });
    return tf.sequential({
      layers: [tf.layers.rnn({ cell, inputShape: [5, 3], goBackwards: true } as tf.RNNLayerArgs)],
    });
  },

  'stacked cells of several kinds': () => {
    const x = tf.input({ shape: [5, 3] });
    const cell = [
      tf.layers.lstmCell({ units: 4 }),
      tf.layers.gruCell({ units: 3 }),
      tf.layers.lstmCell({ units: 2, useBias: false }),
    ];
    const outputs = tf.layers.rnn({ cell, returnSequences: true, returnState: true }).apply(x) as Symbolic[];
    return tf.model({ inputs: x, outputs });
  },

  'a mask from an embedding': () => {
    const tokens = tf.input({ shape: [5], name: 'tokens' });
    const embedding = tf.layers.embedding({ inputDim: 6, outputDim: 3, maskZero: true });
    const embedded = embedding.apply(tokens) as Symbolic;
    const layer = builtIn({ units: 4, returnSequences: true });
    const backwards = builtIn({ units: 2, goBackwards: true });
    return tf.model({ inputs: tokens, outputs: backwards.apply(layer.apply(embedded)) as Symbolic });
  },

  'a mask in a nested model': () => {
    const inner = tf.sequential({
      layers: [tf.layers.masking({ maskValue: 0, inputShape: [5, 3] }), builtIn({ units: 4 })],
    });
    const tokens = tf.input({ shape: [5, 3], name: 'tokens' });
    return tf.model({ inputs: tokens, outputs: dense(2).apply(inner.apply(tokens)) as Symbolic });
  },

  'regularizers, constraints, initializers and dropout': () =>
    tf.sequential({
      layers: [
        builtIn({
          units: 4,
          inputShape: [5, 3],
          kernelRegularizer: 'l1l2',
          recurrentRegularizer: tf.regularizers.l2({ l2: 0.25 }),
          biasRegularizer: tf.regularizers.l1({ l1: 0.5 }),
          kernelConstraint: tf.constraints.minMaxNorm({ minValue: 0.1, maxValue: 0.9, rate: 0.5, axis: 0 }),
          recurrentConstraint: 'unitNorm',
          biasConstraint: tf.constraints.maxNorm({ maxValue: 0.7, axis: 0 }),
          kernelInitializer: tf.initializers.randomUniform({ minval: -0.5, maxval: 0.25 }),
          recurrentInitializer: tf.initializers.orthogonal({ gain: 2 }),
          biasInitializer: tf.initializers.constant({ value: 0.125 }),
          dropout: 0.25,
          recurrentDropout: 0.5,
        }),
      ],
    }),

  'custom layers, around an LSTM and beside one': () => {
    const x = tf.input({ shape: [5, 3] });
    const scaled = new Scale({ mode: 'LSTM', description: { className: 'LSTM', config: {} } }).apply(x) as Symbolic;
    const mirrored = new Mirror({ layer: builtIn({ units: 3, returnSequences: true }) }).apply(scaled) as Symbolic;
    return tf.model({
      inputs: x,
      outputs: builtIn({ units: 2, activation: 'twice' as never }).apply(mirrored) as Symbolic,
    });
  },

  'other recurrent and other weights': () =>
    tf.sequential({
      layers: [
        tf.layers.gru({ units: 4, returnSequences: true, inputShape: [5, 3] }),
        tf.layers.batchNormalization(),
        builtIn({ units: 3, returnSequences: true }),
        tf.layers.simpleRNN({ units: 2 }),
      ],
    }),

  'no LSTM at all': () => tf.sequential({ layers: [tf.layers.gru({ units: 4, inputShape: [5, 3] }), dense(2)] }),
};

function calledAtDifferentDepths(merged?: 'sum'): tf.LayersModel {
  const x = tf.input({ shape: [5, 3] });
  const shared = builtIn({ units: 3, returnSequences: true, name: 'shared' });
  const deep = shared.apply(dense(3, 'before').apply(x)) as Symbolic;
  let shallow = shared.apply(x) as Symbolic;
  for (const name of ['one', 'two', 'three']) shallow = dense(3, name).apply(shallow) as Symbolic;
  const outputs = [shallow, deep];
  return tf.model({ inputs: x, outputs: merged ? (tf.layers.add().apply(outputs) as Symbolic) : outputs });
}

// Registers the activation that an example names.
void Twice;

function dense3D(inputShape: tf.Shape, units: number) {
  return tf.layers.dense({ units, inputShape });
}
