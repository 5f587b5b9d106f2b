import { parseArgs } from 'node:util';
import { NODE_BACKENDS, type NodeBackend } from '../../tools/backends.js';

export interface Options {
  /** Undefined for the fastest that loads. */
  backend: NodeBackend | undefined;
  /** Steps of each training in the comparison; undefined for a number that suits the backend. */
  compare: number | undefined;
  /** Training steps after the comparison. */
  steps: number;
  /** Units of each LSTM. */
  units: number;
  /** Characters to write at the end. */
  characters: number;
  help: boolean;
}

/** The defaults of the command line. */
const DEFAULTS = { steps: 400, units: 128, characters: 500 };

export const HELP = `Trains two stacked LSTMs to write like Moby-Dick, character by character: with tf.layers.lstm, with
accelerateBuiltIn() and with lstm, on the same batches from the same weights. Shows that the losses are
the same but the times are not; then trains one of them further, and writes a text.

  npm run write-text -- [--backend ${NODE_BACKENDS.join('|')}] [--compare N] [--steps N] [--units N] [--characters N]

  --backend     the tfjs backend; default: the fastest that this machine can load
  --compare     training steps in the comparison; default: 20, on wasm 10, on cpu 4
  --steps       training steps after it; default: ${DEFAULTS.steps}
  --units       units of each of the two LSTMs; default: ${DEFAULTS.units}
  --characters  how much to write; default: ${DEFAULTS.characters}
  --help        this text`;

/**
 * Reads the command line.
 *
 * @throws Error with one line for the user.
 */
export function parseOptions(args: string[]): Options {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: {
      backend: text,
      compare: text,
      steps: text,
      units: text,
      characters: text,
      help: { type: 'boolean' },
    },
  });
  const { backend, help = false } = values;
  if (backend !== undefined && !isBackend(backend)) {
    throw new Error(`--backend must be one of ${NODE_BACKENDS.join(', ')}, got '${backend}'`);
  }
  const number = (name: 'compare' | 'steps' | 'units' | 'characters', least: number) => {
    const value = values[name];
    if (value === undefined) return undefined;
    if (!/^\d+$/.test(value) || Number(value) < least) {
      throw new Error(`--${name} must be a whole number from ${least} on, got '${value}'`);
    }
    return Number(value);
  };
  return {
    backend,
    compare: number('compare', 1),
    steps: number('steps', 0) ?? DEFAULTS.steps,
    units: number('units', 1) ?? DEFAULTS.units,
    characters: number('characters', 1) ?? DEFAULTS.characters,
    help,
  };
}

function isBackend(name: string): name is NodeBackend {
  return (NODE_BACKENDS as readonly string[]).includes(name);
}
