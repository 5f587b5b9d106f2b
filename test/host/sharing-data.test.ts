import * as tf from '@tensorflow/tfjs';
import { rememberOwnProperties } from '../../src/core/own-properties.js';
import { sharingData } from '../../src/host/sharing-data.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';

const VALUES = [3, -1, 4, 1.5, -9, 2.6];
const rounded = [...Float32Array.from(VALUES)];
const held = () => [tf.memory().numTensors, tf.memory().numDataBuffers, tf.memory().numBytes];

afterEach(() => jest.restoreAllMocks());

describe.each(NODE_BACKENDS)('On %s, another tensor of the same data', (backend) => {
  beforeAll(() => useBackend(backend));

  test.each(['first', 'last'])(
    'takes no op, and keeps its values where the one disposed %s is the given one',
    (which) => {
      const before = held();
      const given = tf.tensor2d(VALUES, [2, 3]);
      const [tensors, buffers] = held() as [number, number, number];
      const ops = jest.spyOn(tf.engine(), 'runKernel');
      const other = sharingData(given);
      expect(ops).not.toHaveBeenCalled();
      expect(held().slice(0, 2)).toEqual([tensors + 1, buffers]);
      const [gone, left] = which === 'first' ? ([given, other] as const) : ([other, given] as const);
      gone.dispose();
      // What was free would be written over.
      const more = tf.fill([2, 3], 7);
      expect([left.shape, left.dtype]).toEqual([[2, 3], 'float32']);
      expect([...left.dataSync()]).toEqual(rounded);
      tf.dispose([left, more]);
      expect(held()).toEqual(before);
    },
  );

  test('belongs to the tidy that it is made in', () => {
    const given = tf.tensor1d(VALUES);
    const before = held();
    tf.tidy(() => void sharingData(given));
    expect(held()).toEqual(before);
    const returned = tf.tidy(() => sharingData(tf.tensor1d(VALUES)));
    expect([...returned.dataSync()]).toEqual(rounded);
    tf.dispose([given, returned]);
  });

  test("keeps a variable's values of before it was assigned others", () => {
    const variable = tf.variable(tf.tensor1d(VALUES));
    const before = sharingData<tf.Tensor>(variable);
    const next = tf.neg(variable);
    variable.assign(next as tf.Tensor1D);
    expect([...before.dataSync()]).toEqual(rounded);
    tf.dispose([before, variable, next]);
  });

  test('hands no gradient on', () => {
    tf.tidy(() => {
      const x = tf.tensor1d(VALUES);
      const gradient = tf.grad((given: tf.Tensor) => tf.sum(tf.mul(given, sharingData(given))))(x);
      expect([...gradient.dataSync()]).toEqual(rounded);
    });
  });
});

test('Data on another backend go to the current one, as by an op', async () => {
  await useBackend('cpu');
  const given = tf.tensor1d(VALUES);
  await useBackend('wasm');
  const other = sharingData(given);
  given.dispose();
  expect([...tf.mul(other, 2).dataSync()]).toEqual(rounded.map((value) => Math.fround(2 * value)));
  other.dispose();
});

test('Where a backend does not count the tensors of its data, it is an op that makes the tensor', async () => {
  await useBackend('cpu');
  const given = tf.tensor1d(VALUES);
  const restore = rememberOwnProperties(tf.backend(), ['incRef']);
  Object.assign(tf.backend(), { incRef: undefined });
  const ops = jest.spyOn(tf.engine(), 'runKernel').mockImplementation(() => tf.tensor1d([1]) as never);
  sharingData(given).dispose();
  restore();
  expect(ops).toHaveBeenCalledTimes(1);
  given.dispose();
});
