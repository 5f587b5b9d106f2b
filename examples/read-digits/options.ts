import { parseArgs } from 'node:util';
import { NODE_BACKENDS, type NodeBackend } from '../../tools/backends.js';

export interface Options {
  /** Undefined for the fastest that loads. */
  backend: NodeBackend | undefined;
  /** Which of the held-back digits to show the gates of, from 0. */
  digit: number | undefined;
  help: boolean;
}

export const HELP = `Trains an LSTM to read handwritten digits row by row, and shows what its gates do.

  npm start -- [--backend ${NODE_BACKENDS.join('|')}] [--digit N]

  --backend  the tfjs backend; default: the fastest that this machine can load
  --digit    the held-back digit to show the gates for, from 0; default: the first one read correctly
  --help     this text`;

/**
 * Reads the command line.
 *
 * @param heldBack How many held-back digits there are.
 * @throws Error with one line for the user.
 */
export function parseOptions(args: string[], heldBack: number): Options {
  const { values } = parseArgs({
    args,
    options: { backend: { type: 'string' }, digit: { type: 'string' }, help: { type: 'boolean' } },
  });
  const { backend, digit, help = false } = values;
  if (backend !== undefined && !isBackend(backend)) {
    throw new Error(`--backend must be one of ${NODE_BACKENDS.join(', ')}, got '${backend}'`);
  }
  if (digit !== undefined && !(/^\d+$/.test(digit) && Number(digit) < heldBack)) {
    throw new Error(`--digit must be a whole number from 0 to ${heldBack - 1}, got '${digit}'`);
  }
  return { backend, digit: digit === undefined ? undefined : Number(digit), help };
}

function isBackend(name: string): name is NodeBackend {
  return (NODE_BACKENDS as readonly string[]).includes(name);
}
