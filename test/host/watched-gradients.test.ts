import * as tf from '@tensorflow/tfjs';
import { watchedGradients } from '../../src/host/watched-gradients.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';

const refusal = (cause: unknown) => new Error('refused', { cause });

describe.each(NODE_BACKENDS)('On %s, watchedGradients', (backend) => {
  beforeAll(() => useBackend(backend));

  test('has the gradients of tensors that come up on the way, disposed meanwhile or not', () => {
    tf.tidy(() => {
      const x = tf.tensor1d([1, 2, 3]);
      const seen: tf.Tensor[] = [];
      const { value, gradientOf } = watchedGradients(
        [x],
        (watch) => {
          const result = tf.tidy(() => {
            const twice = tf.mul(x, 2);
            seen.push(twice);
            watch(twice);
            return tf.add(tf.square(twice), twice);
          });
          return tf.sum(result) as tf.Scalar;
        },
        refusal,
      );
      expectClose(value, [68]);
      expect(seen[0]!.isDisposed).toBe(true);
      expectClose(gradientOf(seen[0]!)!, [5, 9, 13]);
      expectClose(gradientOf(x)!, [10, 18, 26]);
    });
  });

  test('has null for what the value does not depend on, and for what was not watched', () => {
    tf.tidy(() => {
      const [x, y] = [tf.scalar(3), tf.scalar(4)];
      const { gradientOf } = watchedGradients([x, y], () => tf.square(x) as tf.Scalar, refusal);
      expectClose(gradientOf(x)!, [6]);
      expect(gradientOf(y)).toBeNull();
      expect(gradientOf(tf.scalar(1))).toBeNull();
    });
  });

  test('gives way to what the computation throws, and to a refusal where tfjs has no gradient, without a tensor left', () => {
    const x = tf.tensor1d([1, 2]);
    const { numTensors } = tf.memory();
    const failing = [
      () => {
        tf.sum(tf.tanh(tf.square(x)));
        throw new Error('mine');
      },
      () => tf.sum(tf.cast(tf.greater(tf.tanh(x), 0), 'float32')) as tf.Scalar,
    ];
    expect(() => tf.tidy(() => void watchedGradients([x], failing[0]!, refusal))).toThrow(/^mine$/);
    expect(() => tf.tidy(() => void watchedGradients([x], failing[1]!, refusal))).toThrow(/^refused$/);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(tf.engine().state.activeTape).toBeNull();
    x.dispose();
  });

  test('leaves the tape of a gradient that is being taken around it', () => {
    tf.tidy(() => {
      const x = tf.scalar(2);
      const outer = tf.grad((x) => {
        const refused = () =>
          watchedGradients([x], () => tf.sum(tf.cast(tf.greater(x, 0), 'float32')) as tf.Scalar, refusal);
        const before = tf.square(x);
        expect(refused).toThrow('refused');
        return tf.mul(before, x);
      });
      expectClose(outer(x), [12]);
    });
  });
});

test('A tfjs that does not read its list of tensors after the function is refused', () => {
  const engine = tf.engine();
  const gradients = engine.gradients.bind(engine);
  const spy = jest
    .spyOn(engine, 'gradients')
    .mockImplementation((compute, tensors, ...others) => gradients(compute, [...tensors], ...others));
  const twice = (watch: (tensor: tf.Tensor) => void) => {
    const tensor = tf.scalar(2);
    watch(tensor);
    return tf.square(tensor) as tf.Scalar;
  };
  const look = () => tf.tidy(() => void watchedGradients([tf.scalar(1)], twice, refusal));
  expect(look).toThrow('this version of tfjs cannot watch intermediate tensors');
  spy.mockRestore();
});
