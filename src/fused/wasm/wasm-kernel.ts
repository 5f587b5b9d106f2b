import * as tf from '@tensorflow/tfjs';
import type {
  ForwardPass,
  FusedInputs,
  FusedKernel,
  FusedOptions,
  FusedProblem,
  InputGradients,
  RecordedInputs,
  ResultGradients,
} from '../fused-kernel.js';
import { callOnHeap, type Heap, type ModuleFunction } from './heap.js';
import { type Build, fastestBuild } from './module.js';
import { canOpenHeap, openHeap } from './open-heap.js';
import type { SequenceField, SequenceFields } from './sequence-fields.js';
import { addressesOf, addressesOfGradients, addressesOfMasks, sizesAndOptions } from './sequence-fields-of.js';

const RECURRENT_ACTIVATIONS = ['sigmoid', 'hardSigmoid'];

/** The scan as one call into a WebAssembly module: in place on tfjs's wasm backend, with copies on any other. */
export class WasmKernel implements FusedKernel {
  readonly name: string;

  /** @param build Null where the engine can run none. */
  constructor(private readonly build: Build | null = fastestBuild()) {
    this.name = build === 'relaxed-simd' ? 'wasm-relaxed-simd' : 'wasm-simd';
  }

  refusal({ activation, recurrentActivation }: FusedProblem): string | null {
    if (activation !== 'tanh') return `no fused kernel knows the activation '${activation}'`;
    if (!RECURRENT_ACTIVATIONS.includes(recurrentActivation)) {
      return `no fused kernel knows the recurrentActivation '${recurrentActivation}'`;
    }
    if (this.build === null) return 'there is no WebAssembly with SIMD here';
    return canOpenHeap(this.build) ? null : 'WebAssembly is not allowed here';
  }

  forward(inputs: FusedInputs, options: FusedOptions, forBackward: boolean): ForwardPass {
    const { x, h0, c0, kernel, recurrentKernel, bias, mask } = inputs;
    const [batch, timesteps] = x.shape;
    const units = recurrentKernel.shape[0];
    const state = [batch, units];
    const sequence = [batch, timesteps, units];
    const { keepOutputs, keepGates } = options;
    // The outputs are the hidden states themselves, where masked steps do not output 0.
    const areOutputsHiddens = keepOutputs && forBackward && !(options.zeroOutputForMask && mask !== null);
    const readInputs = (heap: Heap) => ({
      ...addressesOf(heap, { x, h0, c0, kernel, recurrentKernel, bias, mask }),
      ...addressesOfMasks(heap, 'input', inputs.inputDropoutMasks),
      ...addressesOfMasks(heap, 'recurrent', inputs.recurrentDropoutMasks),
    });
    const tensors = this.call('forward', inputs, options, readInputs, {
      ...{ lastOutput: state, h: state, c: state },
      ...(keepOutputs && !areOutputsHiddens && { outputs: sequence }),
      ...(keepGates && { i: sequence, f: sequence, g: sequence, o: sequence }),
      ...((keepGates || forBackward) && { cells: sequence }),
      ...(forBackward && { hiddens: sequence, savedGates: [...x.shape.slice(0, 2), kernel.shape[1]] }),
    }) as Record<SequenceField, tf.Tensor>;
    const { lastOutput, h, c, outputs, i, f, g, o, cells, hiddens, savedGates } = tensors;
    const result = {
      ...{ lastOutput, h, c },
      outputs: keepOutputs ? (areOutputsHiddens ? hiddens : outputs) : null,
      gates: keepGates ? { i, f, g, o, c: cells } : null,
    };
    return { result: result as ForwardPass['result'], saved: forBackward ? [savedGates, cells, hiddens] : [] };
  }

  backward(
    inputs: RecordedInputs,
    options: FusedOptions,
    saved: readonly tf.Tensor[],
    gradients: ResultGradients,
  ): InputGradients {
    const { x, h0, c0, kernel, recurrentKernel, mask } = inputs;
    const [savedGates, cells, hiddens] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
    const readForTime = (heap: Heap) => ({
      ...addressesOf(heap, { c0, recurrentKernel, mask, savedGates, cells }),
      ...addressesOfMasks(heap, 'recurrent', inputs.recurrentDropoutMasks),
      ...addressesOfGradients(heap, gradients),
    });
    const { dZ, dH0, dC0 } = this.call('backward', inputs, options, readForTime, {
      ...{ dZ: savedGates.shape, dH0: h0.shape, dC0: c0.shape },
    });
    const fromX = (heap: Heap) => ({
      ...addressesOf(heap, { x, mask, dZ }),
      ...addressesOfMasks(heap, 'input', inputs.inputDropoutMasks),
    });
    const fromHiddens = (heap: Heap) => ({
      ...addressesOf(heap, { h0, hiddens, mask, dZ }),
      ...addressesOfMasks(heap, 'recurrent', inputs.recurrentDropoutMasks),
    });
    const toX = (heap: Heap) => ({
      ...addressesOf(heap, { kernel, dZ }),
      ...addressesOfMasks(heap, 'input', inputs.inputDropoutMasks),
    });
    const fromDZ = (heap: Heap) => addressesOf(heap, { dZ });
    return {
      x: () => this.call('inputGradient', inputs, options, toX, { dX: x.shape }).dX,
      h0: () => tf.clone(dH0),
      c0: () => tf.clone(dC0),
      kernel: () => this.call('kernelGradient', inputs, options, fromX, { dKernel: kernel.shape }).dKernel,
      recurrentKernel: () =>
        this.call('recurrentKernelGradient', inputs, options, fromHiddens, { dRecurrentKernel: recurrentKernel.shape })
          .dRecurrentKernel,
      bias: () => this.call('biasGradient', inputs, options, fromDZ, { dBias: [kernel.shape[1]] }).dBias,
    };
  }

  private call<Name extends SequenceField>(
    name: ModuleFunction,
    inputs: FusedInputs,
    options: FusedOptions,
    readInputs: (heap: Heap) => SequenceFields,
    outputs: Partial<Record<Name, readonly number[]>>,
  ): Record<Name, tf.Tensor> {
    const heap = openHeap(this.build as Build);
    try {
      return callOnHeap(heap, name, { ...sizesAndOptions(inputs, options), ...readInputs(heap) }, outputs);
    } finally {
      heap.release();
    }
  }
}
