import type * as tf from '@tensorflow/tfjs';
import type { LayerCall } from '../../support/alike-layers.js';
import { float64LSTM } from '../../support/float64-lstm.js';

type Name = 'x' | 'h0' | 'c0' | 'kernel' | 'recurrentKernel' | 'bias';

/** One value that is moved, for a difference. */
interface Shift {
  name: Name;
  /** Flat index. */
  at: number;
  by: number;
}

/** The sum of the squares of a sigmoid layer's h over all steps, computed in float64, where one value may be moved. */
export function float64Loss(layer: tf.layers.RNN, { x, mask, initialState }: LayerCall): (shift?: Shift) => number {
  const [kernel, recurrentKernel, bias] = layer.getWeights() as [tf.Tensor, tf.Tensor, tf.Tensor];
  const [h0, c0] = initialState as [tf.Tensor, tf.Tensor];
  const tensors = { x, h0, c0, kernel, recurrentKernel, bias };
  const masks = mask?.arraySync() as number[][] | undefined;
  return (shift) => {
    const values = (name: Name) => {
      const flat = Array.from(tensors[name].dataSync());
      if (shift?.name === name) flat[shift.at] = (flat[shift.at] as number) + shift.by;
      return flat;
    };
    const matrix = (name: Name) => rows(values(name), tensors[name].shape.at(-1) as number);
    const weights = { kernel: matrix('kernel'), recurrentKernel: matrix('recurrentKernel'), bias: values('bias') };
    const [xs, hs, cs] = [matrix('x'), matrix('h0'), matrix('c0')];
    const timesteps = x.shape[1];
    return hs.reduce((sum, h0, sample) => {
      const sequence = xs.slice(sample * timesteps, (sample + 1) * timesteps);
      const options = { activation: 'tanh', recurrentActivation: 'sigmoid', h0, c0: cs[sample] as number[] };
      const steps = float64LSTM(sequence, weights, { ...options, mask: masks?.[sample]?.map(Boolean) });
      return sum + steps.flatMap(({ h }) => h).reduce((squares, value) => squares + value * value, 0);
    }, 0);
  };
}

function rows(flat: number[], width: number): number[][] {
  return Array.from({ length: flat.length / width }, (_, row) => flat.slice(row * width, (row + 1) * width));
}
