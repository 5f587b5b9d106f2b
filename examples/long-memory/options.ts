import { parseArgs } from 'node:util';
import { NODE_BACKENDS, type NodeBackend } from '../../tools/backends.js';

export interface Options {
  /** Undefined for the fastest that loads. */
  backend: NodeBackend | undefined;
  /** Length of the sequences. */
  timesteps: number;
  /** Training steps of each variant. */
  steps: number;
  units: number;
  seed: number;
  help: boolean;
}

export const DEFAULTS = { timesteps: 50, steps: 300, units: 24, seed: 1 } as const;

export const HELP = `Trains three LSTMs that differ only in their initial bias on a task that needs a long memory, and shows how far back in time
the gradient reaches in each, and what each has learned.

  npm run long-memory -- [--timesteps N] [--steps N] [--units N] [--seed N] [--backend ${NODE_BACKENDS.join('|')}]

  --timesteps  length of the sequences; default: ${DEFAULTS.timesteps}
  --steps      training steps of each LSTM; default: ${DEFAULTS.steps}
  --units      units of each LSTM; default: ${DEFAULTS.units}
  --seed       of the data and of all weights; default: ${DEFAULTS.seed}
  --backend    the tfjs backend; default: the fastest that this machine can load
  --help       this text`;

const LEAST = { timesteps: 4, steps: 10, units: 1, seed: 0 } as const;

/**
 * Reads the command line.
 *
 * @throws Error with one line for the user.
 */
export function parseOptions(args: string[]): Options {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: { backend: text, timesteps: text, steps: text, units: text, seed: text, help: { type: 'boolean' } },
  });
  const { backend, help = false } = values;
  if (backend !== undefined && !isBackend(backend)) {
    throw new Error(`--backend must be one of ${NODE_BACKENDS.join(', ')}, got '${backend}'`);
  }
  const whole = (name: keyof typeof LEAST): number => {
    const value = values[name];
    if (value === undefined) return DEFAULTS[name];
    if (/^\d+$/.test(value) && Number(value) >= LEAST[name]) return Number(value);
    throw new Error(`--${name} must be a whole number of at least ${LEAST[name]}, got '${value}'`);
  };
  const [timesteps, steps, units, seed] = [whole('timesteps'), whole('steps'), whole('units'), whole('seed')];
  return { backend, timesteps, steps, units, seed, help };
}

function isBackend(name: string): name is NodeBackend {
  return (NODE_BACKENDS as readonly string[]).includes(name);
}
