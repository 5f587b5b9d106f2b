const assert = require('node:assert/strict');
const tf = require('@tensorflow/tfjs');
const { GATE_NAMES, KERAS_DEFAULTS, LSTMCell, lstm, lstmCell } = require('explicit-lstm');
const { toBuiltIn, toExplicit } = require('explicit-lstm/convert');
const { traceModel } = require('explicit-lstm/inspect');
const { checkFixture, fixtureModel, loadFixture } = require('explicit-lstm/testing');
const { version } = require('explicit-lstm/package.json');

assert.match(version, /^\d+\.\d+\.\d+/);
assert.deepEqual([...GATE_NAMES], ['i', 'f', 'g', 'o']);
const cell = lstmCell({ ...KERAS_DEFAULTS, units: 2 });
assert.ok(cell instanceof LSTMCell);
assert.deepEqual(tf.layers.rnn({ cell }).apply(tf.ones([1, 3, 2])).shape, [1, 2]);

const layer = lstm({ units: 2 });
assert.deepEqual(layer.apply(tf.ones([1, 3, 2])).shape, [1, 2]);
assert.match(layer.lastImplementation.name, /^wasm-(relaxed-)?simd$/);

const model = tf.sequential({ layers: [tf.layers.lstm({ units: 2, inputShape: [3, 2] })] });
const output = model.predict(tf.ones([1, 3, 2])).dataSync();
const explicit = toExplicit(model)
  .predict(tf.ones([1, 3, 2]))
  .dataSync();
assert.ok(explicit.every((value, n) => Math.abs(value - output[n]) < 1e-6));
const there = toBuiltIn(toExplicit(model)).predict(tf.ones([1, 3, 2]));
assert.deepEqual(there.dataSync(), output);
for (const tool of [checkFixture, fixtureModel, loadFixture, traceModel]) assert.equal(typeof tool, 'function');
