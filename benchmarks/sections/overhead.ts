import * as tf from '@tensorflow/tfjs';
import { FIELD, FIELD_COUNT } from '../../src/fused/wasm/binaries.js';
import { openHeap } from '../../src/fused/wasm/heap.js';
import { type Build, fastestBuild } from '../../src/fused/wasm/module.js';
import { useBackend } from '../../tools/backends.js';
import type { Contestant } from '../contestant.js';
import { implementationOf, type Layers, makeLayers } from '../layers.js';
import { formatTable, formatTime, type Result } from '../report.js';
import { measureDuel, type Section } from '../section.js';
import { parseShape } from '../shapes.js';

/** Calls of one run. */
const CALLS = 100;
const SHAPES = ['1x1x100x100', '1x1x16x16', '1x20x100x100'].map(parseShape);

/** What a call of the layer takes beyond the function of the module that computes it, with no output read. */
export const overheadSection: Section = {
  title: `Overhead: ${CALLS} calls of layer.apply on wasm, against the bare function of the WebAssembly module`,
  run: async (options) => {
    const results: Result[] = [];
    if (options.backends.includes('wasm')) {
      await useBackend('wasm');
      for (const shape of SHAPES) {
        const layers = makeLayers(shape, options);
        const duel = { baseline: bareFunction(layers), candidate: applied(layers) };
        results.push(await measureDuel({ section: 'overhead', backend: 'wasm', shape }, duel, options));
        layers.dispose();
      }
    }
    const head = ['B x T x D x U', 'module, µs', 'layer.apply, µs', 'above the module, µs'];
    return { results, tables: [formatTable(head, results.map(callTimes))] };
  },
};

function callTimes({ shape, baseline, candidate }: Result): string[] {
  const [module, layer] = [baseline.median, candidate.median].map((time) => (1000 * time) / CALLS) as [number, number];
  return [shape, formatTime(module), formatTime(layer), formatTime(layer - module)];
}

function applied({ explicit, x }: Layers): Contestant {
  const call = () => explicit.apply(x) as tf.Tensor;
  const run = () => {
    for (let n = 0; n < CALLS; n++) call().dispose();
  };
  return {
    name: 'apply',
    run,
    results: async () => [await call().data<'float32'>()],
    implementation: () => implementationOf(explicit),
  };
}

/** The same computation with all addresses looked up beforehand. */
function bareFunction({ explicit, x }: Layers): Contestant {
  const [batch, timesteps, features] = x.shape;
  const { units, kernel, recurrentKernel, bias } = explicit.cell;
  const heap = openHeap(fastestBuild() as Build);
  const state = heap.input(tf.keep(tf.zeros([batch, units])));
  const output = heap.output([batch, units]);
  const fields: Partial<Record<keyof typeof FIELD, number>> = {
    batch,
    timesteps,
    features,
    units,
    x: heap.input(x),
    h0: state,
    c0: state,
    kernel: heap.input(kernel.read()),
    recurrentKernel: heap.input(recurrentKernel.read()),
    bias: heap.input((bias as tf.LayerVariable).read()),
    lastOutput: output.address,
    h: heap.output([batch, units]).address,
    c: heap.output([batch, units]).address,
  };
  const address = heap.reserve(4 * FIELD_COUNT);
  const write = (name: string, value: number) => {
    heap.view()[address / 4 + FIELD[name as keyof typeof FIELD]] = value;
  };
  for (const name of Object.keys(FIELD)) write(name, fields[name as keyof typeof FIELD] ?? 0);
  write('scratch', heap.reserve(heap.exports.forwardScratchBytes(address) >>> 0));
  const run = () => {
    for (let n = 0; n < CALLS; n++) heap.exports.forward(address);
  };
  const results = async () => {
    run();
    return [await output.toTensor().data<'float32'>()];
  };
  return { name: 'module', run, results };
}
