import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs';
import { accelerateBuiltIn, GATE_NAMES, KERAS_DEFAULTS, LSTM, lastImplementation, lstm } from 'explicit-lstm';
import { toBuiltIn, toExplicit } from 'explicit-lstm/convert';
import { traceModel } from 'explicit-lstm/inspect';
import { gateHeatmap, toPng, toSvg } from 'explicit-lstm/plot';
import { inspectionReport } from 'explicit-lstm/report';
import { checkFixture, fixtureModel, loadFixture } from 'explicit-lstm/testing';
import { peepholeCell } from 'explicit-lstm/variants';

assert.deepEqual([...GATE_NAMES], ['i', 'f', 'g', 'o']);
const layer = lstm({ ...KERAS_DEFAULTS, units: 2 });
assert.ok(layer instanceof LSTM);
assert.deepEqual(layer.apply(tf.ones([1, 3, 2])).shape, [1, 2]);
// The kernel is in the package: there is no file to serve or to find.
assert.match(layer.lastImplementation.name, /^wasm-(relaxed-)?simd$/);
assert.deepEqual(lstm({ cell: peepholeCell({ units: 2 }) }).apply(tf.ones([1, 3, 2])).shape, [1, 2]);

// Both builds in one process: a model of the one is read by the other.
const require = createRequire(import.meta.url);
const commonjs = require('explicit-lstm');
const model = tf.sequential({ layers: [commonjs.lstm({ units: 2, inputShape: [3, 2] })] });
const output = model.predict(tf.ones([1, 3, 2])).dataSync();
for (const convert of [toBuiltIn, toExplicit]) {
  const converted = convert(model)
    .predict(tf.ones([1, 3, 2]))
    .dataSync();
  assert.ok(converted.every((value, n) => Math.abs(value - output[n]) < 1e-6));
}
// Of this model, whose layer is of the other build.
assert.deepEqual(traceModel(model, tf.ones([1, 3, 2]))[0].trace.f.shape, [1, 3, 2]);
for (const tool of [checkFixture, fixtureModel, loadFixture]) assert.equal(typeof tool, 'function');

// One acceleration between the two builds, which either may end.
const { call } = Object.getPrototypeOf(tf.layers.lstm({ units: 1 }));
const undoes = [accelerateBuiltIn(), commonjs.accelerateBuiltIn()];
const builtIn = tf.layers.lstm({ units: 2 });
builtIn.apply(tf.ones([1, 3, 2]));
assert.match(lastImplementation(builtIn).name, /^wasm-/);
assert.deepEqual(commonjs.lastImplementation(builtIn), lastImplementation(builtIn));
for (const undo of undoes) undo();
assert.equal(Object.getPrototypeOf(builtIn).call, call);
await assert.rejects(import('explicit-lstm/testing/jest'), /there is no global expect here/);

const [{ trace }] = traceModel(model, tf.ones([1, 3, 2]));
const spec = await gateHeatmap(trace);
assert.match(await inspectionReport({ model, inputs: tf.ones([1, 3, 2]) }), /^<!DOCTYPE html>/);
if (process.argv[2] === 'with-vega') {
  assert.match(await toSvg(spec), /^<svg/);
  assert.match(String(await toPng(spec)), /^137,80,78,71/);
} else {
  const message = 'toSvg: vega and vega-lite must be installed: npm install vega vega-lite';
  await assert.rejects(toSvg(spec), { message });
}
