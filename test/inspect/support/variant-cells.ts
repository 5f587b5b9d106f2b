import * as tf from '@tensorflow/tfjs';
import type { CellStep, States } from '../../../src/core/step.js';
import { lstmWeightsOf, type WeightFacts } from '../../../src/core/weights.js';
import { LSTMCell, lstm } from '../../../src/index.js';
import type { GateTrace } from '../../../src/inspect/index.js';
import type { LSTMCellArgs } from '../../../src/layers/arguments.js';
import { peepholeCell } from '../../../src/variants/index.js';
import { randomizeWeights } from '../../support/random.js';

/**
 * A cell that has nothing in common with the plain LSTM but h and c, and no two of whose states are as wide: gates i, not
 * bounded, and z, within [0, 1]; states h [U], c [2] and n [U + 1], and a weight that is not divided.
 */
export class OddCell extends LSTMCell<CellStep> {
  static override readonly className: string = 'OddCell';
  mixer!: tf.LayerVariable;

  override get gateNames(): readonly string[] {
    return ['i', 'z'];
  }
  override get stateNames(): readonly string[] {
    return ['h', 'c', 'n'];
  }
  override widthOf(name: string): number {
    return { c: 2, n: this.units + 1 }[name] ?? this.units;
  }
  override gateActivation(gate: string): string | null {
    return { i: 'exponential', z: 'sigmoid' }[gate] ?? null;
  }
  override get weightFacts(): readonly WeightFacts[] {
    return [
      ...lstmWeightsOf(this, this.gateNames, this.units),
      {
        property: 'mixer',
        storedName: 'mixer',
        title: 'mixer',
        argument: 'kernel',
        flag: null,
        row: 'unit',
        shape: (_, units) => [units, 2],
        blocks: () => null,
      },
    ];
  }
  override step(x: tf.Tensor2D, [h, c, n]: States): CellStep {
    return tf.tidy(() => {
      const recurrent = tf.matMul(h as tf.Tensor2D, this.recurrentKernel.read() as tf.Tensor2D);
      const z = tf.add(tf.matMul(x, this.kernel.read() as tf.Tensor2D), recurrent);
      const [zi, zz] = tf.split(z, 2, 1) as [tf.Tensor2D, tf.Tensor2D];
      const i = tf.exp(zi) as tf.Tensor2D;
      const gate = tf.sigmoid(zz) as tf.Tensor2D;
      const newC = tf.add(c as tf.Tensor2D, tf.matMul(i, this.mixer.read() as tf.Tensor2D)) as tf.Tensor2D;
      const newN = tf.add(n as tf.Tensor2D, tf.ones([1, this.units + 1])) as tf.Tensor2D;
      const newH = tf.mul(gate, tf.tanh(i)) as tf.Tensor2D;
      return { i, z: gate, c: newC, n: newN, h: newH };
    });
  }
}
tf.serialization.registerClass(OddCell);

export const UNITS = 4;
export const FEATURES = 3;

type MakeCell = (args: LSTMCellArgs) => LSTMCell<CellStep>;

/** What differs from the plain LSTM: with peepholes only the weights; coupled there is no f; projected h is narrower. */
export const VARIANTS: Record<string, MakeCell> = {
  plain: (args) => new LSTMCell(args) as unknown as LSTMCell<CellStep>,
  peephole: (args) => peepholeCell({ ...args, peepholeInitializer: 'glorotUniform' } as never),
  coupled: (args) => peepholeCell({ ...args, coupled: true, peepholes: false }),
  projected: (args) => peepholeCell({ ...args, peepholes: false, projectionUnits: 3 }),
  odd: (args) => new OddCell(args),
};

/** A built layer over one of these cells, with random weights. */
export function layerOver(name: string, seed = 5): tf.layers.RNN {
  const cell = (VARIANTS[name] as MakeCell)({ units: UNITS, recurrentActivation: 'sigmoid', name: `${name}_cell` });
  const layer = lstm({ cell, returnSequences: true, name } as never) as unknown as tf.layers.RNN;
  layer.apply(tf.input({ shape: [null, FEATURES] }));
  randomizeWeights(layer, seed);
  return layer;
}

/** All values of a trace's sequence, by sample, timestep and unit. */
export function valuesOf(trace: GateTrace, quantity: string): number[][][] {
  return (trace as unknown as Record<string, tf.Tensor3D>)[quantity]!.arraySync();
}
