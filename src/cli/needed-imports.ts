import { KERAS_ACTIVATIONS, LEAKY_SLOPES } from '../convert/keras/layers/activations.js';
import { AxisSoftmax } from '../convert/keras/layers/axis-softmax.js';
import { CausalConv1D } from '../convert/keras/layers/causal-conv-1d.js';
import { Elementwise } from '../convert/keras/layers/elementwise.js';
import { FixedNormalization } from '../convert/keras/layers/fixed-normalization.js';
import { MaskFrom } from '../convert/keras/layers/mask-from.js';
import { MaskedAverage1D } from '../convert/keras/layers/masked-average-1d.js';
import { Rectifier } from '../convert/keras/layers/rectifier.js';
import { Reduction } from '../convert/keras/layers/reduction.js';
import { ScaledELU } from '../convert/keras/layers/scaled-elu.js';
import { Stretch1D } from '../convert/keras/layers/stretch-1d.js';
import { TensorSlice } from '../convert/keras/layers/tensor-slice.js';
import { UnitNormalization } from '../convert/keras/layers/unit-normalization.js';
import { HardSigmoidKeras3 } from '../layers/hard-sigmoid-keras3.js';
import { LSTMCell } from '../layers/lstm-cell.js';

const OF_CONVERT: ReadonlySet<string> = new Set([
  ...[AxisSoftmax, CausalConv1D, Elementwise, FixedNormalization, MaskedAverage1D, MaskFrom, Rectifier].map(nameOf),
  ...[Reduction, ScaledELU, Stretch1D, TensorSlice, UnitNormalization].map(nameOf),
  ...Object.keys(KERAS_ACTIVATIONS),
  ...LEAKY_SLOPES.map((slope) => `leakyRelu${slope}`),
]);

const OWN = /^Explicit|^(?:Chrono|ForgetBias|OrthogonalByGate)Initializer$/;

function nameOf({ className }: { className: string }): string {
  return className;
}

/**
 * Which entry points of this package make the classes known that a saved model names.
 *
 * @param topology Of a `model.json`. A layer that is called as a class is taken for one.
 */
export function neededImports(topology: object): string[] {
  const words = [...new Set(JSON.stringify(topology).match(/[\w.]+/g))];
  const isOwn = (word: string) => OWN.test(word) || word === HardSigmoidKeras3.className;
  const isVariant = (word: string) => /^Explicit\w+Cell$/.test(word) && word !== LSTMCell.className;
  return [
    ...(words.some(isOwn) ? ['explicit-lstm'] : []),
    ...(words.some(isVariant) ? ['explicit-lstm/variants'] : []),
    ...(words.some((word) => OF_CONVERT.has(word)) ? ['explicit-lstm/convert'] : []),
  ];
}
