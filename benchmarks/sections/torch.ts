import type { NodeBackend } from '../../tools/backends.js';
import { useBackend } from '../../tools/backends.js';
import { makeLayers } from '../layers.js';
import type { Result } from '../report.js';
import { measureContest, type Section } from '../section.js';
import { DEFAULT_SHAPES } from '../shapes.js';
import { TorchProcess } from '../torch/torch-process.js';
import { inference, trainingStep } from './built-in.js';

/** What native code is worth being compared with; plain JavaScript is not. */
const BACKENDS: readonly NodeBackend[] = ['wasm', 'tensorflow'];
const THREADS = [1, 2];

/** PyTorch in a process of its own, asked in turn with the layer here; each waits while the other works. */
export const torchSection: Section = {
  title: "PyTorch's LSTM (sigmoid gates, on 1 and 2 threads) against this layer (on 1)",
  run: async (options) => {
    if (options.python === undefined)
      return { results: [], tables: ['left out: --python PATH or PYTHON says with which'] };
    const results: Result[] = [];
    let version = '';
    const torch = new TorchProcess(options.python);
    try {
      for (const backend of options.backends.filter((name) => BACKENDS.includes(name))) {
        await useBackend(backend);
        for (const shape of options.shapes ?? DEFAULT_SHAPES) {
          const layers = makeLayers(shape, { ...options, recurrentActivation: 'sigmoid' });
          for (const setting of ['inference', 'training'] as const) {
            const contestantOf = setting === 'inference' ? inference : trainingStep;
            const own = contestantOf('explicit', layers.explicit, layers.x);
            for (const threads of THREADS) {
              const torchs = await torch.contestant({ shape, threads, isTraining: setting === 'training' });
              version = torchs.version;
              const place = { section: 'torch', backend, shape, setting } as const;
              results.push(...(await measureContest(place, torchs, [own], options)));
              await torchs.release();
            }
          }
          layers.dispose();
        }
      }
    } finally {
      torch.end();
    }
    return { results, tables: [`PyTorch ${version}`], data: { version } };
  },
};
