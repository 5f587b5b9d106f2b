import * as tf from '@tensorflow/tfjs';
import { ACTIVATION, FIELD, FIELD_COUNT } from '../../src/fused/wasm/binaries.js';
import { openHeap } from '../../src/fused/wasm/heap.js';
import { type Build, fastestBuild } from '../../src/fused/wasm/module.js';
import { useBackend } from '../../tools/backends.js';
import type { Contestant, Duel } from '../contestant.js';
import { formatTime } from '../format-time.js';
import { implementationOf, type Layers, makeLayers } from '../layers.js';
import { formatTable, type Result } from '../report.js';
import { measureDuel, type Section } from '../section.js';
import { parseShape, type Shape } from '../shapes.js';

/** Calls of one run. */
const CALLS = 100;
const SHAPES = ['1x1x100x100', '1x1x16x16', '1x20x100x100'].map(parseShape);

/**
 * What a call of the layer takes beyond the function of the module that computes it, with no output read; and, as what no
 * layer goes below, what tfjs's smallest one takes with the one op that it consists of.
 */
export const overheadSection: Section = {
  title: `Overhead: ${CALLS} calls of layer.apply on wasm, against the bare function of the WebAssembly module`,
  run: async (options) => {
    const results: Result[] = [];
    if (options.backends.includes('wasm')) {
      await useBackend('wasm');
      const place = { section: 'overhead', backend: 'wasm' } as const;
      for (const shape of SHAPES) {
        const layers = makeLayers(shape, { ...options, recurrentActivation: 'sigmoid' });
        const candidate = applied('apply', layers.explicit, layers.x);
        results.push(await measureDuel({ ...place, shape }, { baseline: bareFunction(layers), candidate }, options));
        layers.dispose();
      }
      const [shape] = SHAPES as [Shape];
      results.push(await measureDuel({ ...place, shape }, smallestLayer(shape), options));
    }
    const head = ['B x T x D x U', 'of', 'without a layer, µs', 'layer.apply, µs', 'above it, µs'];
    return { results, tables: [formatTable(head, results.map(callTimes))] };
  },
};

function callTimes({ shape, compared, baseline, candidate }: Result): string[] {
  const [bare, layer] = [baseline.median, candidate.median].map((time) => (1000 * time) / CALLS) as [number, number];
  return [shape, compared.baseline, formatTime(bare), formatTime(layer), formatTime(layer - bare)];
}

function applied(name: string, layer: tf.layers.Layer, x: tf.Tensor): Contestant {
  return calling(
    name,
    () => layer.apply(x) as tf.Tensor,
    () => implementationOf(layer),
  );
}

function calling(name: string, call: () => tf.Tensor, implementation = () => ''): Contestant {
  const run = () => {
    for (let n = 0; n < CALLS; n++) call().dispose();
  };
  return { name, run, results: async () => [await call().data<'float32'>()], implementation };
}

/** An op on a tensor as large as the LSTM's output, and the layer that consists of it. */
function smallestLayer({ batch, units }: Shape): Duel {
  const x = tf.randomUniform([batch, units], -1);
  return {
    baseline: calling('tf.relu', () => tf.relu(x)),
    candidate: applied('tf.layers.reLU', tf.layers.reLU(), x),
  };
}

/** The same computation with all addresses looked up, and the weights packed, beforehand. */
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
  const write = (name: string, value: number) => {
    heap.view()[address / 4 + FIELD[name as keyof typeof FIELD]] = value;
  };
  for (const name of Object.keys(FIELD)) write(name, fields[name as keyof typeof FIELD] ?? 0);
  write('scratch', heap.reserve(heap.exports.forwardScratchBytes(address) >>> 0));
  // Packs the weights, which the layer does in its first calls.
  heap.exports.forward(address);
  write('isKernelPacked', 1);
  write('isRecurrentKernelPacked', 1);
  const run = () => {
    for (let n = 0; n < CALLS; n++) heap.exports.forward(address);
  };
  const results = async () => {
    run();
    return [await output.toTensor().data<'float32'>()];
  };
  return { name: 'module', run, results };
}
