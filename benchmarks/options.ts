import { parseArgs } from 'node:util';
import { NODE_BACKENDS, type NodeBackend } from '../tools/backends.js';
import { parseShape, type Shape } from './shapes.js';

export interface BenchmarkOptions {
  backends: NodeBackend[];
  /** Undefined for the default ones, less those that take a backend too long. */
  shapes: Shape[] | undefined;
  /** Where to write the results, too. */
  json: string | undefined;
  /** For each duel. */
  seconds: number;
  help: boolean;
}

export const OPTIONS_HELP = `  --backends ${NODE_BACKENDS.join(',')}   default: all of them; one that is missing is an error
  --shapes 1x100x100x100,...       B x T x D x U
  --seconds 2                      to measure each duel for; more for less noise
  --json FILE                      writes the results there, too
  --help                           this text`;

/**
 * Reads the command line.
 *
 * @throws Error with one line for the user.
 */
export function parseOptions(args: string[]): BenchmarkOptions {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args,
    options: { backends: text, shapes: text, json: text, seconds: text, help: { type: 'boolean' } },
  });
  const seconds = Number(values.seconds ?? 2);
  if (!(seconds > 0)) throw new Error(`--seconds must be a positive number, got '${values.seconds}'`);
  return {
    backends: (values.backends?.split(',') ?? [...NODE_BACKENDS]).map(requireBackend),
    shapes: values.shapes?.split(',').map(parseShape),
    json: values.json,
    seconds,
    help: values.help ?? false,
  };
}

function requireBackend(name: string): NodeBackend {
  const backend = NODE_BACKENDS.find((known) => known === name);
  if (backend === undefined) throw new Error(`--backends must be among ${NODE_BACKENDS.join(', ')}, got '${name}'`);
  return backend;
}
