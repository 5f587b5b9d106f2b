import * as tf from '@tensorflow/tfjs';

type Apply = (x: tf.Tensor) => tf.Tensor;

/** Where the absolute value is at most this, `hard_shrink` and `soft_shrink` are 0. */
const SHRINK_THRESHOLD = 0.5;

/** The activations of Keras that tfjs lacks, by the names that they are registered under, with Keras's default parameters. */
export const KERAS_ACTIVATIONS = {
  celu: (x) => tf.elu(x),
  exponential: (x) => tf.exp(x),
  glu: (x) => {
    const [value, gate] = tf.split(x, 2, -1) as [tf.Tensor, tf.Tensor];
    return tf.mul(value, tf.sigmoid(gate));
  },
  hardShrink: (x) => tf.mul(x, tf.step(tf.sub(tf.abs(x), SHRINK_THRESHOLD))),
  hardSilu: (x) => tf.mul(x, tf.div(tf.relu6(tf.add(x, 3)), 6)),
  hardTanh: (x) => tf.clipByValue(x, -1, 1),
  leakyRelu: (x) => tf.leakyRelu(x, 0.2),
  logSigmoid: (x) => tf.logSigmoid(x),
  softShrink: (x) => tf.sub(x, tf.clipByValue(x, -SHRINK_THRESHOLD, SHRINK_THRESHOLD)),
  // Between its straight parts, which are 0 and x, it is (x + 1)² / 4.
  sparsePlus: (x) => tf.add(tf.div(tf.square(tf.add(tf.clipByValue(x, -1, 1), 1)), 4), tf.relu(tf.sub(x, 1))),
  sparseSigmoid: (x) => tf.div(tf.add(tf.clipByValue(x, -1, 1), 1), 2),
  sparsemax,
  squareplus: (x) => tf.div(tf.add(x, tf.sqrt(tf.add(tf.square(x), 4))), 2),
  tanhShrink: (x) => tf.sub(x, tf.tanh(x)),
} as const satisfies Record<string, Apply>;

/**
 * Keras's sparsemax over the last axis, relu(x - τ). It is not that of Martins and Astudillo 2016, whose τ is the sum of the k
 * largest values, less 1, by k: up to 3.15 at least, all of Keras's backends take the sum of their cumulative sums instead, in which
 * the largest value counts k times and the last of the k once.
 */
function sparsemax(x: tf.Tensor): tf.Tensor {
  const compute = (logits: tf.Tensor, save: tf.GradSaveFunc) => {
    const size = logits.shape.at(-1) as number;
    const { values, indices } = tf.topk(logits, size);
    const counts = tf.range(1, size + 1);
    const sums = tf.cumsum(values, values.rank - 1);
    const isInSupport = tf.cast(tf.greater(tf.add(1, tf.mul(counts, values)), sums), 'float32');
    const supported = tf.sum(isInSupport, -1, true);
    // How often each value counts, by k; in the order of x.
    const shares = tf.mul(isInSupport, tf.div(tf.add(tf.sub(supported, counts), 1), supported));
    // tf.oneHot knows no axis of one.
    const places = tf.equal(tf.expandDims(tf.cast(indices, 'int32'), -1), tf.range(0, size, 1, 'int32'));
    const share = tf.sum(tf.mul(tf.expandDims(shares, -1), tf.cast(places, 'float32')), -2);
    const threshold = tf.sub(tf.sum(tf.mul(share, logits), -1, true), tf.div(1, supported));
    const y = tf.relu(tf.sub(logits, threshold));
    save([y, share]);
    return { value: y, gradFunc: sparsemaxGradient };
  };
  // Sorting and comparing have no gradients in tfjs.
  return tf.customGrad(compute as Parameters<typeof tf.customGrad>[0])(x);
}

function sparsemaxGradient(dy: tf.Tensor, [y, share]: tf.Tensor[]): tf.Tensor {
  const passed = tf.mul(dy, tf.step(y as tf.Tensor));
  return tf.sub(passed, tf.mul(share as tf.Tensor, tf.sum(passed, -1, true)));
}

/** Slopes of LeakyReLU in use as the activation of another layer; tfjs saves an activation by its name, without arguments. */
export const LEAKY_SLOPES = [0.01, 0.05, 0.1, 0.2, 0.25, 0.3] as const;

for (const [className, apply] of Object.entries<Apply>(KERAS_ACTIVATIONS)) register(className, apply);
for (const slope of LEAKY_SLOPES) register(`leakyRelu${slope}`, (x) => tf.leakyRelu(x, slope));

function register(className: string, apply: Apply): void {
  const activation = class extends tf.serialization.Serializable {
    static readonly className = className;

    apply(x: tf.Tensor): tf.Tensor {
      return tf.tidy(() => apply(x));
    }

    getConfig(): tf.serialization.ConfigDict {
      return {};
    }
  };
  tf.serialization.registerClass(activation);
}
