import * as tf from '@tensorflow/tfjs';
import { lastImplementation, lstm, type Tuning, tuneKernels, useTuning } from '../../src/index.js';
import { randomizeWeights, randomTensor } from '../support/random.js';
import type { Check } from './checks.js';

/** Rounding of float32, and a little more for what rounds otherwise. */
const TOLERANCE = 1e-5;

/** @param names What applies on the backend, in the order in which it is asked. */
export function tuneCheck(names: readonly string[]): Check {
  return [
    `times ${names.join(', ')}, has each run that is said to be the fastest, and all compute the same`,
    async () => {
      // So small that tfjs does most of the plain ops on the processor: a software renderer takes long to compile them.
      const layer = lstm({ units: 6, inputShape: [3, 4], returnSequences: true });
      const model = tf.sequential({ layers: [layer, tf.layers.dense({ units: 2 })] });
      randomizeWeights(model, 3);
      const x = randomTensor([2, 3, 4], 7);
      const run = () => runBoth(model, x);
      // What is made once and kept is not counted.
      await run();
      const { numTensors } = tf.memory();
      const tuning = await tuneKernels(model, x);
      expect(tf.memory().numTensors).toBe(numTensors);
      expect(JSON.parse(JSON.stringify(tuning))).toEqual(tuning);
      const rows = tuning.map(({ problem, implementation }) => `${problem.takesGradients} ${implementation}`);
      expect(rows).toEqual([false, true].flatMap((takesGradients) => names.map((name) => `${takesGradients} ${name}`)));
      for (const { ms } of tuning) if (!(ms > 0)) throw new Error(`${ms} ms`);
      const results: number[][] = [];
      for (const name of names) {
        useTuning(preferring(name, tuning));
        results.push(await run());
        expect(lastImplementation(layer)?.name).toBe(name);
      }
      useTuning([]);
      results.push(await run());
      expect(lastImplementation(layer)?.name).toBe(names[0]);
      expect(tf.memory().numTensors).toBe(numTensors);
      for (const [n, values] of results.entries()) {
        const at = values.findIndex((value, k) => {
          const expected = results[0]?.[k] as number;
          return !(Math.abs(value - expected) <= TOLERANCE * (1 + Math.abs(expected)));
        });
        if (at >= 0) throw new Error(`${names[n]}: result ${at} is ${values[at]}, not ${results[0]?.[at]}`);
      }
    },
  ];
}

function preferring(name: string, tuning: Tuning): Tuning {
  return tuning.map((row) => ({ ...row, ms: row.implementation === name ? 0 : 1 }));
}

/** Predictions, and gradients of all weights. */
async function runBoth(model: tf.LayersModel, x: tf.Tensor): Promise<number[]> {
  const tensors = tf.tidy(() => {
    const loss = () => tf.mean(tf.square(model.apply(x, { training: true }) as tf.Tensor)) as tf.Scalar;
    const { grads } = tf.variableGrads(loss);
    const ofWeights = model.trainableWeights.map((weight) => grads[(weight.read() as tf.Variable).name] as tf.Tensor);
    return [model.predictOnBatch(x) as tf.Tensor, ...ofWeights];
  });
  const values = await Promise.all(tensors.map((tensor) => tensor.data()));
  tf.dispose(tensors);
  return values.flatMap((ofTensor) => [...ofTensor]);
}
