import { readdirSync, readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { readTensor } from '../../src/testing/decode-tensor.js';
import { Field } from '../../src/testing/fields.js';
import { toTensor } from '../../src/testing/fixture.js';
import { LAYER_KINDS, type LayerKind } from './layer-kinds.js';

const FOLDER = 'fixtures/gradient-flow';
const INPUTS = ['kernel', 'recurrentKernel', 'bias', 'x', 'h0', 'c0', 'lossWeights', 'h', 'c'] as const;
const GRADIENTS = ['dh', 'dc', 'dz', 'dhRecurrent', 'dcCell', 'dx', 'dh0', 'dc0'] as const;
const WEIGHT_GRADIENTS = ['dkernel', 'drecurrentKernel', 'dbias'] as const;
const FURTHER = ['linearPath'] as const;

type Named<Names extends readonly string[]> = Record<Names[number], tf.Tensor>;

/** What JAX's autograd found; see fixtures/README.md. The caller disposes the tensors. */
export interface GradientFlowFixture {
  name: string;
  activation: string;
  recurrentActivation: string;
  goBackwards: boolean;
  mask: tf.Tensor | null;
  loss: number;
  inputs: Named<typeof INPUTS>;
  gradients: Named<typeof GRADIENTS> & Named<typeof WEIGHT_GRADIENTS> & Named<typeof FURTHER>;
  /** Of the first six timesteps at most, [B, T, 2U, 2U]. */
  stepJacobians: tf.Tensor;
  /** [B, T] */
  jacobianNorms: tf.Tensor;
}

/** Every committed fixture, none left out. */
export const GRADIENT_FLOW_FIXTURES: string[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.slice(0, -'.json'.length));

export function gradientFlowFixture(name: string): GradientFlowFixture {
  const json = JSON.parse(readFileSync(`${FOLDER}/${name}.json`, 'utf8'));
  const root = new Field(json, '');
  root.at('format').oneOf(['explicit-lstm-gradient-flow']);
  const read = (field: Field) => toTensor(readTensor(field));
  const named = <Names extends readonly string[]>(names: Names, parent: Field) =>
    Object.fromEntries(names.map((one) => [one, read(parent.at(one))])) as Named<Names>;
  return {
    name,
    activation: json.activation,
    recurrentActivation: json.recurrentActivation,
    goBackwards: json.goBackwards,
    loss: json.loss,
    mask: json.mask === null ? null : read(root.at('mask')),
    inputs: named(INPUTS, root),
    gradients: named([...GRADIENTS, ...WEIGHT_GRADIENTS, ...FURTHER] as const, root.at('gradients')),
    stepJacobians: read(root.at('stepJacobians')),
    jacobianNorms: read(root.at('jacobianNorms')),
  };
}

/** A layer with a fixture's weights. */
export function fixtureLayer(kind: LayerKind, fixture: GradientFlowFixture): tf.layers.RNN {
  const { activation, recurrentActivation, goBackwards, inputs } = fixture;
  const units = inputs.h0.shape[1] as number;
  const layer = LAYER_KINDS[kind]({
    units,
    goBackwards,
    returnSequences: true,
    activation: activation as 'tanh',
    recurrentActivation: recurrentActivation as 'sigmoid',
  });
  layer.apply(tf.input({ shape: [null, inputs.x.shape[2] as number] }));
  layer.setWeights([inputs.kernel, inputs.recurrentKernel, inputs.bias]);
  return layer;
}

/** The fixture's loss: the sum of w (h + h²/2). */
export function fixtureLoss({ inputs }: GradientFlowFixture): (h: tf.Tensor) => tf.Scalar {
  return (h) => tf.sum(tf.mul(inputs.lossWeights, tf.add(h, tf.mul(0.5, tf.square(h))))) as tf.Scalar;
}
