const assert = require('node:assert/strict');
const tf = require('@tensorflow/tfjs');
const { GATE_NAMES, KERAS_DEFAULTS, LSTMCell, lstmCell } = require('explicit-lstm');
const { toBuiltIn, toExplicit } = require('explicit-lstm/convert');
const { traceModel } = require('explicit-lstm/inspect');
const { checkFixture, fixtureModel, loadFixture } = require('explicit-lstm/testing');
const { version } = require('explicit-lstm/package.json');

assert.match(version, /^\d+\.\d+\.\d+/);
assert.deepEqual([...GATE_NAMES], ['i', 'f', 'g', 'o']);
const cell = lstmCell({ ...KERAS_DEFAULTS, units: 2 });
assert.ok(cell instanceof LSTMCell);
assert.deepEqual(tf.layers.rnn({ cell }).apply(tf.ones([1, 3, 2])).shape, [1, 2]);

const model = tf.sequential({ layers: [tf.layers.lstm({ units: 2, inputShape: [3, 2] })] });
const output = model.predict(tf.ones([1, 3, 2])).dataSync();
assert.deepEqual(
  toBuiltIn(toExplicit(model))
    .predict(tf.ones([1, 3, 2]))
    .dataSync(),
  output,
);
for (const tool of [checkFixture, fixtureModel, loadFixture, traceModel]) assert.equal(typeof tool, 'function');

let registered;
globalThis.expect = {
  extend(matchers) {
    registered = Object.keys(matchers);
  },
};
require('explicit-lstm/testing/jest');
assert.deepEqual(registered, ['toBeAllClose', 'toReproduceFixture']);
