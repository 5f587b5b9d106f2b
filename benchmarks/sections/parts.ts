import * as tf from '@tensorflow/tfjs';
import { type Build, fastestBuild } from '../../src/fused/wasm/module.js';
import { openWasmMemory, type WasmMemory } from '../../src/host/wasm-memory.js';
import { useBackend } from '../../tools/backends.js';
import { bareFunction } from '../bare-function.js';
import { makeLayers } from '../layers.js';
import { compilePart, PARTS, WHOLE } from '../parts/compile.js';
import type { Result } from '../report.js';
import { measureContest, type Section } from '../section.js';
import { DEFAULT_SHAPES } from '../shapes.js';

const BACKEND = 'wasm';

/** What takes the time in the module: what it takes without. */
export const partsSection: Section = {
  title: "The WebAssembly module's forward pass against itself with parts left out, with sigmoid gates",
  run: async (options) => {
    if (!options.backends.includes(BACKEND)) return { results: [], tables: [`only on ${BACKEND}`] };
    await useBackend(BACKEND);
    const { memory } = openWasmMemory(tf.backend()) as WasmMemory;
    const modules = await Promise.all(
      [WHOLE, ...PARTS].map(async (part) => {
        return { name: part.name, exports: await compilePart(part, fastestBuild() as Build, memory) };
      }),
    );
    const results: Result[] = [];
    for (const shape of options.shapes ?? DEFAULT_SHAPES) {
      const layers = makeLayers(shape, { ...options, recurrentActivation: 'sigmoid' });
      const [whole, ...parts] = modules.map(({ name, exports }) => bareFunction(name, layers, 1, exports));
      if (whole === undefined) continue;
      // With parts left out, nothing of use is computed.
      const candidates = parts.map((part) => ({ ...part, results: whole.results }));
      results.push(
        ...(await measureContest({ section: 'parts', backend: BACKEND, shape }, whole, candidates, options)),
      );
      layers.dispose();
    }
    return { results };
  },
};
