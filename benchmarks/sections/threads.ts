import { useThreads } from '../../src/fused/wasm/heap.js';
import { type Build, fastestBuild } from '../../src/fused/wasm/module.js';
import { WasmThreads } from '../../src/fused/wasm/threads/threads.js';
import { useBackend } from '../../tools/backends.js';
import type { Contestant } from '../contestant.js';
import { makeLayers } from '../layers.js';
import type { Result } from '../report.js';
import { measureDuel, type Section } from '../section.js';
import { DEFAULT_SHAPES } from '../shapes.js';
import { inference, trainingStep } from './built-in.js';

const TASKS = { inference, training: trainingStep };

/** The explicit layer on one thread and on several. */
export const threadsSection: Section = {
  title: 'The explicit layer on one thread against several (setThreads), with sigmoid gates',
  run: async (options) => {
    const results: Result[] = [];
    const threads = new WasmThreads(options.threads, (reason) => {
      throw new Error(`a thread was lost: ${reason}`);
    });
    for (const backend of options.backends) {
      await useBackend(backend);
      await threads.prepare(fastestBuild() as Build);
      for (const shape of options.shapes ?? DEFAULT_SHAPES) {
        const layers = makeLayers(shape, { ...options, recurrentActivation: 'sigmoid' });
        for (const [setting, contestant] of Object.entries(TASKS)) {
          const on = (count: number) =>
            withThreads(
              contestant(count === 1 ? '1 thread' : `${count} threads`, layers.explicit, layers.x),
              count === 1 ? null : threads,
            );
          const duel = { baseline: on(1), candidate: on(options.threads) };
          results.push(await measureDuel({ section: 'threads', backend, shape, setting }, duel, options));
        }
        layers.dispose();
      }
    }
    threads.end();
    return { results };
  },
};

function withThreads(contestant: Contestant, threads: WasmThreads | null): Contestant {
  const within = <Result>(run: () => Result) => {
    useThreads(threads);
    try {
      return run();
    } finally {
      useThreads(null);
    }
  };
  return { ...contestant, run: () => within(contestant.run), results: () => within(contestant.results) };
}
