import { useBackend } from '../../tools/backends.js';
import type { Contestant } from '../contestant.js';
import { type FloorWork, floorTime, floorWork, isBoundByMemory } from '../floor/floor.js';
import { limitsOf, type MeasuredLimits, measureLimits, type Rate } from '../floor/measure-limits.js';
import { makeProbe, type Probe } from '../floor/probe.js';
import { formatTime } from '../format-time.js';
import { makeLayers } from '../layers.js';
import type { BenchmarkOptions } from '../options.js';
import { formatSpread, formatTable, type Result } from '../report.js';
import { measureDuel, type Section } from '../section.js';
import { DEFAULT_SHAPES, formatShape, type Shape } from '../shapes.js';
import { inference } from './built-in.js';

const KILOBYTE = 1024;
/** In the first cache of most machines, in the second, and beyond. */
const WORKING_SETS = [16, 256, 1024, 4096, 16384, 65536].map((kilobytes) => kilobytes * KILOBYTE);

/** The floor is that of 128-bit SIMD, of WebAssembly therefore; native code may have wider registers. */
const BACKEND = 'wasm';

export const floorSection: Section = {
  title: "Inference on wasm against the machine's floor: the same multiply-adds and reads, with nothing between them",
  run: async (options) => {
    if (!options.backends.includes(BACKEND)) return { results: [], tables: [`only on ${BACKEND}`] };
    await useBackend(BACKEND);
    const probe = await makeProbe();
    const shapes = options.shapes ?? DEFAULT_SHAPES;
    const sets = new Set([...WORKING_SETS, ...shapes.map((shape) => floorWork(shape).bytes)]);
    const measured = measureLimits(
      probe,
      [...sets].sort((a, b) => a - b),
    );
    const results: Result[] = [];
    for (const shape of shapes) results.push(await measureShape(shape, probe, measured, options));
    return { results, tables: [formatLimits(measured), formatFloors(shapes, measured)], data: measured };
  },
};

/** The floor's work is really done, in turn with the layer's, so that what disturbs the machine disturbs both. */
async function measureShape(
  shape: Shape,
  probe: Probe,
  measured: MeasuredLimits,
  options: BenchmarkOptions,
): Promise<Result> {
  const layers = makeLayers(shape, { ...options, recurrentActivation: 'sigmoid' });
  const builtIn = inference('built-in', layers.builtIn, layers.x);
  const work = floorWork(shape);
  const readsInSteps = isBoundByMemory(work, limitsOf(measured, probe.arithmetic));
  const baseline: Contestant = {
    name: `floor (${probe.arithmetic})`,
    run: () => runFloor(probe, work, readsInSteps),
    // The floor computes nothing: the layer is held to the built-in's result.
    results: builtIn.results,
  };
  const candidate = inference('explicit', layers.explicit, layers.x);
  const result = await measureDuel({ section: 'floor', backend: BACKEND, shape }, { baseline, candidate }, options);
  layers.dispose();
  return result;
}

function runFloor(probe: Probe, work: FloorWork, readsInSteps: boolean): void {
  probe.multiplyAdd(work.inputMultiplyAdds);
  if (readsInSteps) probe.read(work.bytes, work.steps);
  else probe.multiplyAdd(work.steps * work.multiplyAdds);
}

function formatLimits({ multiplyThenAdd, fused, bandwidths }: MeasuredLimits): string {
  const row = (limit: string, rate: Rate) => [limit, rate.best.toFixed(1), formatSpread(rate)];
  return formatTable(
    ['limit', 'best', 'median (quartiles)'],
    [
      row('mul+add, GF/s', multiplyThenAdd),
      fused === null ? ['FMA, GF/s', 'not in this engine', ''] : row('FMA, GF/s', fused),
      ...bandwidths.map(({ bytes, read }) => row(`reads of ${Math.round(bytes / KILOBYTE)} KB, GB/s`, read)),
    ],
  );
}

function formatFloors(shapes: readonly Shape[], measured: MeasuredLimits): string {
  const arithmetics = measured.fused === null ? (['mul+add'] as const) : (['mul+add', 'FMA'] as const);
  return formatTable(
    ['B x T x D x U', ...arithmetics.flatMap((arithmetic) => [`floor (${arithmetic}), ms`, 'steps bound by'])],
    shapes.map((shape) => {
      const work = floorWork(shape);
      const cells = arithmetics.flatMap((arithmetic) => {
        const limits = limitsOf(measured, arithmetic);
        return [formatTime(floorTime(work, limits)), isBoundByMemory(work, limits) ? 'reads' : 'arithmetic'];
      });
      return [formatShape(shape), ...cells];
    }),
  );
}
