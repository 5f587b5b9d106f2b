import * as tf from '@tensorflow/tfjs';
import { type DifferentiableOperation, runDifferentiable } from '../../src/host/differentiable-operation.js';
import * as tapes from '../../src/host/gradient-tape.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectAllClose, expectClose } from '../support/close.js';
import { randomTensor } from '../support/random.js';

/** a + b and a * b, with a saved product besides. */
function sumAndProduct(a: tf.Tensor, b: tf.Tensor, log: Partial<Record<'asked' | 'saved', unknown[]>> = {}) {
  const operation: DifferentiableOperation = {
    compute: () => {
      const product = tf.mul(a, b);
      return { outputs: [tf.add(a, b), product], saved: [product] };
    },
    gradients: ([dSum, dProduct], [savedA, savedB], saved) => {
      log.saved?.push(...saved);
      const askedFor = (name: string, other: tf.Tensor) => () => {
        log.asked?.push(name);
        return tf.add(dSum as tf.Tensor, tf.mul(dProduct as tf.Tensor, other));
      };
      return [askedFor('a', savedB as tf.Tensor), askedFor('b', savedA as tf.Tensor)];
    },
  };
  return runDifferentiable([a, b], operation) as [tf.Tensor, tf.Tensor];
}

describe.each(NODE_BACKENDS)('On %s, an operation with several outputs', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());
  const inputs = () => [randomTensor([2, 3], 1), randomTensor([2, 3], 2)] as [tf.Tensor, tf.Tensor];

  test('returns them', () => {
    const [a, b] = inputs();
    expectAllClose(sumAndProduct(a, b), [tf.add(a, b), tf.mul(a, b)], 0);
  });

  test('is run again and again without a word', () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation();
    try {
      const [a, b] = inputs();
      for (let run = 0; run < 2; run++) tf.grad((x) => tf.sum(sumAndProduct(x, b)[0]))(a);
      expect(warn).not.toHaveBeenCalled();
    } finally {
      warn.mockRestore();
    }
  });

  test('is differentiable through each, and through all of them', () => {
    const [a, b] = inputs();
    const [weight, other] = [randomTensor([2, 3], 3), randomTensor([2, 3], 4)];
    const through = (first: number, second: number) =>
      tf.grads((x: tf.Tensor, y: tf.Tensor) => {
        const [sum, product] = sumAndProduct(x, y);
        return tf.add(tf.sum(tf.mul(tf.mul(sum, weight), first)), tf.sum(tf.mul(tf.mul(product, other), second)));
      })([a, b]);
    expectAllClose(through(1, 0), [weight, weight]);
    expectAllClose(through(0, 1), [tf.mul(other, b), tf.mul(other, a)]);
    expectAllClose(through(1, 1), [tf.add(weight, tf.mul(other, b)), tf.add(weight, tf.mul(other, a))]);
  });

  test('hands zeros as the gradient of an output that is not used', () => {
    const [a, b] = inputs();
    expectAllClose(tf.grads((x: tf.Tensor, y: tf.Tensor) => tf.sum(sumAndProduct(x, y)[1]))([a, b]), [b, a]);
  });

  test('takes one tensor for several inputs', () => {
    const [a] = inputs();
    const gradient = tf.grad((x) => tf.sum(sumAndProduct(x, x)[1]))(a);
    expectClose(gradient, tf.mul(a, 2));
  });

  test('computes the gradients of those inputs alone that are asked for', () => {
    const [a, b] = inputs();
    const asked: unknown[] = [];
    tf.grad((x) => tf.sum(sumAndProduct(x, b, { asked })[0]))(a);
    expect(asked).toEqual(['a']);
    tf.grads((x: tf.Tensor, y: tf.Tensor) => tf.sum(sumAndProduct(x, y, { asked })[0]))([a, b]);
    expect(asked.slice(1).sort()).toEqual(['a', 'b']);
  });

  test('frees what it saved, and leaves nothing else behind', () => {
    const [a, b] = inputs();
    const saved: unknown[] = [];
    const before = tf.memory();
    const gradient = tf.tidy(() => tf.grad((x) => tf.sum(sumAndProduct(x, b, { saved })[1]))(a));
    expect(saved).toHaveLength(1);
    expect((saved as tf.Tensor[]).map(({ isDisposed }) => isDisposed)).toEqual([true]);
    gradient.dispose();
    expect([tf.memory().numTensors, tf.memory().numDataBuffers]).toEqual([before.numTensors, before.numDataBuffers]);
  });

  test('keeps what the gradient wants without copies of it', () => {
    const [a, b] = inputs();
    const held: number[] = [];
    const count = () => held.push(tf.memory().numDataBuffers);
    tf.grad((x) => {
      count();
      const [sum, product] = sumAndProduct(x, b);
      count();
      return tf.sum(tf.add(sum, product));
    })(a);
    // The two outputs, one of which is saved.
    expect((held[1] as number) - (held[0] as number)).toBe(2);
  });

  test('has the inputs as they were, whatever becomes of them meanwhile', () => {
    const variable = tf.variable(tf.tensor1d([1, 2, 3]));
    const doomed = tf.tensor1d([4, 5, 6]);
    const { grads } = tf.variableGrads(() => {
      const loss = tf.sum(sumAndProduct(variable, doomed)[1]) as tf.Scalar;
      variable.assign(tf.tensor1d([7, 7, 7]));
      doomed.dispose();
      return loss;
    }, [variable]);
    expectAllClose(Object.values(grads), [tf.tensor1d([4, 5, 6])], 0);
    variable.dispose();
  });

  test('where the tape cannot be read, is differentiable all the same', () => {
    const tape = jest.spyOn(tapes, 'currentTape').mockReturnValue(null);
    try {
      const [a, b] = inputs();
      const saved: tf.Tensor[] = [];
      expectClose(tf.grad((x) => tf.sum(sumAndProduct(x, b, { saved })[1]))(a), b);
      expect(tape).toHaveBeenCalled();
      // The garbage collection frees them.
      expect(saved.map(({ isDisposed }) => isDisposed)).toEqual([false]);
    } finally {
      tape.mockRestore();
    }
  });

  test('leaves nothing behind when it throws', () => {
    const [a, b] = inputs();
    const before = tf.memory();
    const compute = (): never => {
      tf.add(a, b);
      throw new Error('out of memory');
    };
    const loss = (x: tf.Tensor) => tf.sum(runDifferentiable([x, b], { compute, gradients: () => [] })[0] as tf.Tensor);
    expect(() => tf.tidy(() => tf.grad(loss)(a))).toThrow('out of memory');
    expect([tf.memory().numTensors, tf.memory().numDataBuffers]).toEqual([before.numTensors, before.numDataBuffers]);
  });

  test('knows how deep gradients are being taken', () => {
    const depths: (number | null)[] = [tapes.gradientDepth()];
    const record = (x: tf.Tensor) => {
      depths.push(tapes.gradientDepth());
      return tf.sum(tf.square(x)) as tf.Scalar;
    };
    tf.grad(record)(tf.ones([1]));
    tf.grad((x) => tf.sum(tf.grad(record)(x)))(tf.ones([1]));
    expect(depths).toEqual([0, 1, 2]);
  });
});
