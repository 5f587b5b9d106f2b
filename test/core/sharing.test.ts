import * as tf from '@tensorflow/tfjs';
import { sharing } from '../../src/core/sharing.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';

const VALUES = [3, -1, 4, 1.5, -9, 2.6];
const held = () => [tf.memory().numTensors, tf.memory().numDataBuffers];

describe.each(NODE_BACKENDS)('On %s, another tensor of the same data', (backend) => {
  beforeAll(() => useBackend(backend));

  test('holds no data of its own', () => {
    const before = held();
    const one = tf.tensor2d(VALUES, [2, 3]);
    const [tensors, buffers] = held() as [number, number];
    const other = sharing(one);
    expect(held()).toEqual([tensors + 1, buffers]);
    expect(other.dataId).toBe(one.dataId);
    tf.dispose([one, other]);
    expect(held()).toEqual(before);
  });

  test.each(['first', 'last'])('keeps its values where the one disposed %s is the given one', (which) => {
    const before = held();
    const given = tf.tensor2d(VALUES, [2, 3]);
    const other = sharing(given);
    const [gone, left] = which === 'first' ? ([given, other] as const) : ([other, given] as const);
    gone.dispose();
    // What was free would be written over.
    const more = tf.fill([2, 3], 7);
    expect(left.shape).toEqual([2, 3]);
    expect([...left.dataSync()]).toEqual([...Float32Array.from(VALUES)]);
    tf.dispose([left, more]);
    expect(held()).toEqual(before);
  });

  test('outlives a tidy that disposes the given one', () => {
    const other = tf.tidy(() => sharing(tf.tensor2d(VALUES, [2, 3])));
    const kept: tf.Tensor[] = [];
    tf.tidy(() => void kept.push(tf.keep(sharing(other))));
    other.dispose();
    expect([...(kept[0] as tf.Tensor).dataSync()]).toEqual([...Float32Array.from(VALUES)]);
    tf.dispose(kept);
  });

  test("keeps a variable's values of before it was assigned others", () => {
    const variable = tf.variable(tf.tensor1d(VALUES));
    const before = sharing<tf.Tensor>(variable);
    const next = tf.tensor1d(VALUES.map((value) => -value));
    variable.assign(next);
    expect([...before.dataSync()]).toEqual([...Float32Array.from(VALUES)]);
    expect(variable.dataSync()[0]).toBe(-3);
    tf.dispose([before, variable, next]);
  });

  test('hands its gradient on', () => {
    tf.tidy(() => {
      const x = tf.tensor1d(VALUES);
      const gradient = tf.grad((given: tf.Tensor) => tf.sum(tf.square(sharing(given))))(x);
      expect([...gradient.dataSync()]).toEqual([...Float32Array.from(VALUES.map((value) => 2 * value))]);
    });
  });
});
