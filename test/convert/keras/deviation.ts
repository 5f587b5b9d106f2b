import * as tf from '@tensorflow/tfjs';
import { type ModelFixture, tensorOf } from '../../support/model-fixtures.js';

/** How far what a model computes is from what it computed where it comes from, at most; of large numbers as a share. */
export function deviation(model: tf.LayersModel, { calls }: ModelFixture): number {
  let worst = 0;
  for (const { resetStates, inputs, outputs } of calls) {
    if (resetStates) model.resetStates();
    tf.tidy(() => {
      const x = inputs.map(tensorOf);
      const y = [model.predictOnBatch(x.length === 1 ? (x[0] as tf.Tensor) : x)].flat();
      expect(y.map(({ shape }) => shape)).toEqual(outputs.map(({ shape }) => shape));
      for (const [index, { values }] of outputs.entries()) {
        const computed = (y[index] as tf.Tensor).dataSync();
        for (const [n, value] of values.entries()) {
          const distance = Math.abs((computed[n] as number) - value) / Math.max(1, Math.abs(value));
          worst = Math.max(worst, Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance);
        }
      }
    });
  }
  return worst;
}
