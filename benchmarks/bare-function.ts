import * as tf from '@tensorflow/tfjs';
import { ACTIVATION, FIELD, FIELD_COUNT } from '../src/fused/wasm/binaries.js';
import { openHeap } from '../src/fused/wasm/heap.js';
import { type Build, fastestBuild, type ModuleExports } from '../src/fused/wasm/module.js';
import type { Contestant } from './contestant.js';
import type { Layers } from './layers.js';

/**
 * The module's function that computes what a layer does, in so many calls, with all addresses looked up, and the weights packed,
 * beforehand.
 *
 * @param exports Of another module that has the same function, in the memory of the wasm backend.
 */
export function bareFunction(
  name: string,
  { explicit, x }: Layers,
  calls: number,
  exports: ModuleExports | null = null,
): Contestant {
  const [batch, timesteps, features] = x.shape;
  const { units, kernel, recurrentKernel, bias } = explicit.cell;
  const heap = openHeap(fastestBuild() as Build);
  const { forward } = exports ?? heap.exports;
  const state = heap.input(tf.keep(tf.zeros([batch, units])));
  const output = heap.output([batch, units]);
  const fields: Partial<Record<keyof typeof FIELD, number>> = {
    batch,
    timesteps,
    features,
    units,
    activation: ACTIVATION.tanh,
    recurrentActivation: ACTIVATION.sigmoid,
    x: heap.input(x),
    h0: state,
    c0: state,
    kernel: heap.input(kernel.read()),
    recurrentKernel: heap.input(recurrentKernel.read()),
    bias: heap.input((bias as tf.LayerVariable).read()),
    kernelPanels: heap.reserve(heap.exports.weightPanelsBytes(features, 4 * units, 0)),
    recurrentPanels: heap.reserve(heap.exports.weightPanelsBytes(units, 4 * units, 0)),
    lastOutput: output.address,
    h: heap.output([batch, units]).address,
    c: heap.output([batch, units]).address,
  };
  const address = heap.reserve(4 * FIELD_COUNT);
  const write = (field: string, value: number) => {
    heap.view()[address / 4 + FIELD[field as keyof typeof FIELD]] = value;
  };
  for (const field of Object.keys(FIELD)) write(field, fields[field as keyof typeof FIELD] ?? 0);
  write('scratch', heap.reserve(heap.exports.forwardScratchBytes(address) >>> 0));
  // Packs the weights, which the layer does in its first calls.
  forward(address);
  write('isKernelPacked', 1);
  write('isRecurrentKernelPacked', 1);
  const run = () => {
    for (let n = 0; n < calls; n++) forward(address);
  };
  const results = async () => {
    run();
    return [await output.toTensor().data<'float32'>()];
  };
  return { name, run, results };
}
