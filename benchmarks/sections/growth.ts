import { type NodeBackend, useBackend } from '../../tools/backends.js';
import { fitExponent } from '../exponent.js';
import { makeLayers } from '../layers.js';
import type { BenchmarkOptions } from '../options.js';
import { formatTable, type Result } from '../report.js';
import { measureDuel, type Section } from '../section.js';
import type { Shape } from '../shapes.js';
import { inference } from './built-in.js';

/** How the time of one backend grows with one size. */
export interface Growth {
  backend: string;
  size: string;
  from: number;
  to: number;
  /** k in time = a · size^k. */
  exponent: { builtIn: number; explicit: number };
}

interface Series {
  size: string;
  values: number[];
  shapeAt: (value: number) => Shape;
}

const SERIES: Series[] = [
  {
    size: 'T',
    values: [50, 100, 200, 400, 800],
    shapeAt: (timesteps) => ({ batch: 1, timesteps, features: 100, units: 100 }),
  },
  {
    size: 'U',
    values: [32, 64, 128, 256, 512, 1024],
    shapeAt: (units) => ({ batch: 1, timesteps: 50, features: 100, units }),
  },
];

export const growthSection: Section = {
  title: 'Growth of inference with T (1xTx100x100) and with U (1x50x100xU)',
  run: async (options) => {
    const results: Result[] = [];
    const growth: Growth[] = [];
    for (const backend of options.backends) {
      await useBackend(backend);
      for (const series of SERIES) {
        const measured = await measureSeries(backend, series, options);
        results.push(...measured);
        growth.push(growthOf(backend, series, measured));
      }
    }
    return { results, tables: [formatGrowth(growth)], data: growth };
  },
};

/** One result for each value of the size. */
async function measureSeries(
  backend: NodeBackend,
  { values, shapeAt }: Series,
  options: BenchmarkOptions,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const value of values) {
    const shape = shapeAt(value);
    const layers = makeLayers(shape, options);
    const duel = {
      baseline: inference('built-in', layers.builtIn, layers.x),
      candidate: inference('explicit', layers.explicit, layers.x),
    };
    results.push(await measureDuel({ section: 'growth', backend, shape }, duel, options));
    layers.dispose();
  }
  return results;
}

function growthOf(backend: NodeBackend, { size, values }: Series, results: readonly Result[]): Growth {
  const exponentOf = (contestant: 'baseline' | 'candidate') =>
    fitExponent(results.map((result, n) => ({ x: values[n] as number, y: result[contestant].median })));
  return {
    backend,
    size,
    from: values[0] as number,
    to: values.at(-1) as number,
    exponent: { builtIn: exponentOf('baseline'), explicit: exponentOf('candidate') },
  };
}

function formatGrowth(growth: readonly Growth[]): string {
  return formatTable(
    ['backend', 'size', 'from', 'to', 'exponent, built-in', 'exponent, explicit'],
    growth.map(({ backend, size, from, to, exponent }) => [
      backend,
      size,
      String(from),
      String(to),
      exponent.builtIn.toFixed(2),
      exponent.explicit.toFixed(2),
    ]),
  );
}
