import { parseArgs } from 'node:util';
import { ACTIVATIONS, type ActivationName } from '../src/core/activations.js';
import { NODE_BACKENDS, type NodeBackend } from '../tools/backends.js';
import { parseShape, type Shape } from './shapes.js';

/** What can be measured, in the order in which it is. */
export const SECTION_NAMES = [
  'models',
  'inference',
  'training',
  'training-inputs',
  'trace',
  'flow',
  'onnx',
  'torch',
  'floor',
  'parts',
  'growth',
  'inspection',
  'streaming',
  'overhead',
  'bidirectional',
  'variants',
  'cells',
  'threads',
  'first-call',
  'opening',
] as const;
export type SectionName = (typeof SECTION_NAMES)[number];

/** Those that the tables of README.md and docs/speed.md are made of, in ten to fifteen minutes. */
const TABLE_SECTIONS: readonly SectionName[] = [
  'models',
  'inference',
  'training',
  'trace',
  'onnx',
  'torch',
  'floor',
  'streaming',
  'bidirectional',
];

export interface BenchmarkOptions {
  backends: NodeBackend[];
  sections: SectionName[];
  /** Undefined for the default ones, less those that take a backend too long. */
  shapes: Shape[] | undefined;
  /** φ, of inference, training and trace. */
  activation: ActivationName;
  /** Measures the plain path of tfjs ops in the place of what the layer chooses by itself. */
  plain: boolean;
  /** How many threads the section `threads` compares with one. */
  threads: number;
  /** For each pair. */
  seconds: number;
  /** A Python that has PyTorch; undefined leaves it out. */
  python: string | undefined;
  /** Where to write the results, too. */
  json: string | undefined;
  /** Whether to write them to `benchmarks/results`. */
  save: boolean;
  /** A file of results of which the tables are shown, in place of a run; and whether they are written into the documents. */
  markdown: string | undefined;
  write: boolean;
  help: boolean;
}

export const OPTIONS_HELP = `  --only inference,floor,...      some sections only; default: all of them
      models                     four models of tutorials with default arguments: built-in, accelerated, explicit
      inference                  against tf.layers.lstm, with hard sigmoids (the default of tfjs) and with sigmoids
      training                   the same: loss and gradients of the weights
      training-inputs            the same: loss and gradients of the weights and of the input
      trace                      inference that keeps every gate against inference that does not
      flow                       gradientFlow and gradientFlowModel against a training step
      onnx                       inference against onnxruntime-web and onnxruntime-node, 1 thread
      torch                      PyTorch's LSTM on 1 and 2 threads, forward and training; needs --python
      floor                      inference against what this machine's arithmetic and memory allow
      parts                      the WebAssembly module against itself with parts left out
      growth                     inference as T and U grow, with the fitted exponents
      inspection                 every inspection as T and U grow, with the fitted exponents
      streaming                  one timestep a call, stateful, against tf.layers.lstm
      overhead                   layer.apply against the bare function of the WebAssembly module
      bidirectional              a model of two bidirectional LSTMs, the first one's states given to the second
      variants                   training with peepholes, a clip and a projection, on plain ops and fused
      cells                      training with two stacked cells in tf.layers.rnn, as it is and accelerated
      threads                    inference and training on one thread against several
      first-call                 the first call in a fresh process, and the size of the package
      opening                    a .keras file of 50 MB, and one of 3,000 units, in Node and in Chromium
  --backends ${NODE_BACKENDS.join(',')}   default: all of them; one that is missing is an error
  --shapes 1x100x100x100,...       B x T x D x U, for inference, training, trace, onnx, torch, floor and parts
  --activation tanh                φ of inference, training and trace: relu, ...
  --plain                          measures useFused: false, the plain path, instead of 'auto'
  --threads 2                      how many the section threads compares with one
  --seconds 1                      to measure each pair for; more for less noise
  --python PATH                    a Python that has PyTorch; default: $PYTHON; without either, PyTorch is left out
  --json FILE                      writes the results there, too
  --save                           writes them to benchmarks/results, to a file named after the day, the processor and Node
  --tables                         the sections that the tables of README.md and docs/speed.md are made of
  --markdown FILE                  no run: prints these tables from the results in a file; with --write, puts them into both
  --help                           this text`;

/**
 * Reads the command line.
 *
 * @throws Error with one line for the user.
 */
export function parseOptions(args: string[]): BenchmarkOptions {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({
    args,
    options: {
      only: text,
      backends: text,
      shapes: text,
      activation: text,
      seconds: text,
      threads: text,
      python: text,
      json: text,
      save: flag,
      tables: flag,
      markdown: text,
      write: flag,
      plain: flag,
      help: flag,
    },
  });
  const seconds = Number(values.seconds ?? 1);
  if (!(seconds > 0 && seconds < Number.POSITIVE_INFINITY)) {
    throw new Error(`--seconds must be a positive number, got '${values.seconds}'`);
  }
  const threads = Number(values.threads ?? 2);
  if (!Number.isSafeInteger(threads) || threads < 2) {
    throw new Error(`--threads must be an integer above 1, got '${values.threads}'`);
  }
  return {
    backends: chosenAmong(NODE_BACKENDS, '--backends', values.backends),
    sections: chosenAmong(SECTION_NAMES, '--only', values.only ?? (values.tables ? TABLE_SECTIONS.join() : undefined)),
    shapes: values.shapes?.split(',').map(parseShape),
    activation: activationOf(values.activation ?? 'tanh'),
    plain: values.plain ?? false,
    seconds,
    threads,
    python: values.python ?? process.env.PYTHON,
    json: values.json,
    save: values.save ?? false,
    markdown: values.markdown,
    write: values.write ?? false,
    help: values.help ?? false,
  };
}

function activationOf(name: string): ActivationName {
  const names = Object.keys(ACTIVATIONS) as ActivationName[];
  const found = names.find((known) => known === name);
  if (found === undefined) throw new Error(`--activation must be one of ${names.join(', ')}, got '${name}'`);
  return found;
}

/** What was asked for, in the order of `all`. */
function chosenAmong<Name extends string>(all: readonly Name[], option: string, text: string | undefined): Name[] {
  if (text === undefined) return [...all];
  const names = text.split(',');
  for (const name of names) {
    if (!all.some((known) => known === name)) {
      throw new Error(`${option} must be among ${all.join(', ')}, got '${name}'`);
    }
  }
  return all.filter((name) => names.includes(name));
}
