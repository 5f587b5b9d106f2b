const assert = require('node:assert/strict');
const tf = require('@tensorflow/tfjs');
const { GATE_NAMES, KERAS_DEFAULTS, LSTMCell, lstm, lstmCell } = require('explicit-lstm');
const { toBuiltIn, toExplicit } = require('explicit-lstm/convert');
const { traceModel } = require('explicit-lstm/inspect');
const { gateHeatmap, inspectionReport, show, toPng, toSvg } = require('explicit-lstm/plot');
const { checkFixture, fixtureModel, loadFixture } = require('explicit-lstm/testing');
const { peepholeCell } = require('explicit-lstm/variants');
const { version } = require('explicit-lstm/package.json');

assert.match(version, /^\d+\.\d+\.\d+/);
assert.deepEqual([...GATE_NAMES], ['i', 'f', 'g', 'o']);
const cell = lstmCell({ ...KERAS_DEFAULTS, units: 2 });
assert.ok(cell instanceof LSTMCell);
assert.deepEqual(tf.layers.rnn({ cell }).apply(tf.ones([1, 3, 2])).shape, [1, 2]);

const layer = lstm({ units: 2 });
assert.deepEqual(layer.apply(tf.ones([1, 3, 2])).shape, [1, 2]);
assert.match(layer.lastImplementation.name, /^wasm-(relaxed-)?simd$/);
assert.deepEqual(lstm({ cell: peepholeCell({ units: 2 }) }).apply(tf.ones([1, 3, 2])).shape, [1, 2]);

const model = tf.sequential({ layers: [tf.layers.lstm({ units: 2, inputShape: [3, 2] })] });
const output = model.predict(tf.ones([1, 3, 2])).dataSync();
const explicit = toExplicit(model)
  .predict(tf.ones([1, 3, 2]))
  .dataSync();
assert.ok(explicit.every((value, n) => Math.abs(value - output[n]) < 1e-6));
const there = toBuiltIn(toExplicit(model)).predict(tf.ones([1, 3, 2]));
assert.deepEqual(there.dataSync(), output);
for (const tool of [checkFixture, fixtureModel, loadFixture, traceModel]) assert.equal(typeof tool, 'function');

let registered;
globalThis.expect = {
  extend(matchers) {
    registered = Object.keys(matchers);
  },
};
require('explicit-lstm/testing/jest');
assert.deepEqual(registered, ['toBeAllClose', 'toReproduceFixture']);

async function draw() {
  const x = tf.ones([1, 3, 2]);
  const [{ trace }] = traceModel(model, x);
  const spec = await gateHeatmap(trace);
  assert.ok(show(spec)[Symbol.for('Jupyter.display')]()['application/vnd.vegalite.v5+json']);
  assert.match(await inspectionReport({ model, inputs: x }), /^<!DOCTYPE html>/);
  await drawOrRefuse(
    () => toSvg(spec),
    /^<svg/,
    'toSvg: vega and vega-lite must be installed: npm install vega vega-lite',
  );
  const [all, rule] = [
    '@napi-rs/canvas vega vega-lite',
    'toPng: @napi-rs/canvas and vega and vega-lite must be installed',
  ];
  await drawOrRefuse(async () => String(await toPng(spec)), /^137,80,78,71/, `${rule}: npm install ${all}`);
}

/** Installed or not: the test of the package has both. */
async function drawOrRefuse(drawing, result, refusal) {
  if (process.argv[2] === 'with-vega') assert.match(await drawing(), result);
  else await assert.rejects(drawing, { message: refusal });
}

draw();
