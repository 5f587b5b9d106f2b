import type * as tf from '@tensorflow/tfjs';
import type { GateDropoutMasks } from '../../core/weighted-sum.js';
import type { FusedInputs, FusedOptions, ResultGradients } from '../fused-kernel.js';
import type { Heap } from './heap.js';
import type { SequenceField, SequenceFields } from './sequence-fields.js';

export function sizesAndOptions(
  { x, recurrentKernel, inputDropoutMasks, recurrentDropoutMasks }: FusedInputs,
  options: FusedOptions,
) {
  const [batch, timesteps, features] = x.shape;
  return {
    batch,
    timesteps,
    features,
    units: recurrentKernel.shape[0],
    hardSigmoid: Number(options.recurrentActivation === 'hardSigmoid'),
    goBackwards: Number(options.goBackwards),
    zeroOutputForMask: Number(options.zeroOutputForMask),
    inputMaskCount: inputDropoutMasks.length,
    recurrentMaskCount: recurrentDropoutMasks.length,
  };
}

/** The addresses of tensors; 0, for absent, where one is null. */
export function addressesOf(heap: Heap, tensors: Partial<Record<SequenceField, tf.Tensor | null>>): SequenceFields {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, tensor === null ? 0 : heap.input(tensor)]),
  );
}

const MASK_FIELDS = {
  input: ['inputMaskI', 'inputMaskF', 'inputMaskG', 'inputMaskO'],
  recurrent: ['recurrentMaskI', 'recurrentMaskF', 'recurrentMaskG', 'recurrentMaskO'],
} as const;

export function addressesOfMasks(heap: Heap, role: keyof typeof MASK_FIELDS, masks: GateDropoutMasks): SequenceFields {
  return Object.fromEntries(masks.map((mask, index) => [MASK_FIELDS[role][index], heap.input(mask)]));
}

export function addressesOfGradients(heap: Heap, gradients: ResultGradients): SequenceFields {
  const { lastOutput, h, c, outputs, gates } = gradients;
  return addressesOf(heap, {
    ...{ dLastOutput: lastOutput, dH: h, dC: c, dOutputs: outputs },
    ...(gates && { dI: gates.i, dF: gates.f, dG: gates.g, dO: gates.o, dCells: gates.c }),
  });
}
