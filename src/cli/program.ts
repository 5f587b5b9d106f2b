import { Command, InvalidArgumentError, Option } from 'commander';
import type { Tolerance } from '../testing/compare.js';
import { BACKEND_CHOICES, type BackendChoice, startBackend } from './backends.js';
import { type CheckOptions, checkFixtures } from './commands/check.js';
import { modelInfo, modelInfoText } from './commands/info.js';
import { type InspectOptions, inspect } from './commands/inspect.js';
import { Progress } from './progress.js';
import { readModel } from './readers/read-model.js';
import type { Terminal } from './terminal.js';

/** What the command ends with; usage and all other errors of the user's are in `main`. */
export const EXIT_CODES = { success: 0, differs: 1, mistake: 2 } as const;

interface CommonOptions {
  backend: BackendChoice;
  json?: true;
}

interface CheckCommandOptions extends CommonOptions {
  model?: string;
  layer?: string;
  atol?: number;
  rtol?: number;
}

type InspectCommandOptions = InspectOptions & CommonOptions;

const MODEL = 'a TensorFlow.js model.json, or the folder that contains it';
const EXIT_HELP = `
Exit code: 0 on success, 1 if a check finds differences, 2 if the command or its files are wrong.`;

/** As a person writes one: `0.001`, `1e-5`. */
const DECIMAL = /^\d+(?:\.\d*)?(?:e[+-]?\d+)?$|^\.\d+(?:e[+-]?\d+)?$/i;

function tolerance(text: string): number {
  const value = Number(text);
  if (!DECIMAL.test(text) || !Number.isFinite(value)) {
    throw new InvalidArgumentError('It must be a finite number of at least 0.');
  }
  return value;
}

function count(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError('It must be a whole number of at least 1.');
  }
  return value;
}

/** The losses that tfjs knows by name. */
export const LOSSES = [
  'meanSquaredError',
  'meanAbsoluteError',
  'meanAbsolutePercentageError',
  'meanSquaredLogarithmicError',
  'squaredHinge',
  'hinge',
  'categoricalHinge',
  'logcosh',
  'categoricalCrossentropy',
  'sparseCategoricalCrossentropy',
  'binaryCrossentropy',
  'kullbackLeiblerDivergence',
  'poisson',
  'cosineProximity',
];

function backendOption(): Option {
  return new Option('--backend <name>', 'the backend to compute on; auto selects the fastest one installed')
    .choices(BACKEND_CHOICES)
    .default('auto');
}

const INSPECT_EXAMPLES = `
Data is .npy, .json (nested arrays, or an object with one for each of the model's names), or text with one sample per line.
Text needs a vocabulary: one token per line, or JSON: an array of tokens, or an object that maps each token to its number.
Text is split into characters if all tokens of the vocabulary are single characters, and into words otherwise.

Examples:
  explicit-lstm inspect model.json --input x.npy --out report.html
  explicit-lstm inspect model.json --input lines.txt --vocabulary characters.json --samples 16`;

function addInspect(program: Command, terminal: Terminal): void {
  program
    .command('inspect')
    .description("write a report on a model's LSTMs, as one HTML page")
    .argument('<model>', MODEL)
    .requiredOption('--input <data>', 'the inputs to run the model on, [B, ...]')
    .option('--out <file>', 'where to write the report', 'report.html')
    .option('--labels <data>', 'the labels, [B, ...]; needed for the gradients')
    .addOption(new Option('--loss <name>', 'the loss (default: the one the model was compiled with)').choices(LOSSES))
    .option('--time-labels <file>', 'names of the timesteps: a JSON array of words, or one such array per sample')
    .option('--vocabulary <file>', 'the tokens of a text model and their numbers')
    .addOption(
      new Option('--pad <end>', 'the side on which shorter lines of text are padded')
        .choices(['left', 'right'])
        .default('right'),
    )
    .addOption(new Option('--samples <number>', 'inspect the first <number> samples').argParser(count).default(64))
    .option('--title <text>', "the report's heading (default: the model's name)")
    .addOption(backendOption())
    .addHelpText('after', INSPECT_EXAMPLES)
    .action(async (path: string, { backend, ...options }: InspectCommandOptions) => {
      await startBackend(backend);
      const progress = new Progress(terminal);
      try {
        const written = await inspect(path, options, progress);
        progress.end();
        terminal.out(`${written}\n`);
      } finally {
        progress.end();
      }
    });
}

function addInfo(program: Command, terminal: Terminal): void {
  program
    .command('info')
    .description("list a model's layers, and for its LSTMs the units and the norms of each gate's weights")
    .argument('<model>', MODEL)
    .option('--json', 'print JSON')
    .addOption(backendOption())
    .action(async (path: string, { backend, json }: CommonOptions) => {
      await startBackend(backend);
      const model = await readModel(path);
      try {
        const info = await modelInfo(model);
        terminal.out(json ? `${JSON.stringify(info, null, 2)}\n` : modelInfoText(info));
      } finally {
        model.dispose();
      }
    });
}

function addCheck(program: Command, terminal: Terminal, finish: (code: number) => void): void {
  program
    .command('check')
    .description('replay fixtures exported from Keras: outputs, gates and gradients')
    .argument('<fixture...>', 'a file written by fixtures/export_keras.py')
    .option('--model <model>', `the model to check: ${MODEL} (default: one built from the fixture)`)
    .option('--layer <name>', 'check only this layer of the model; in a nested model, a path such as encoder/lstm_1')
    .addOption(new Option('--atol <number>', 'absolute tolerance (default: 1e-5)').argParser(tolerance))
    .addOption(new Option('--rtol <number>', 'relative tolerance (default: 1e-5)').argParser(tolerance))
    .option('--json', 'print the reports as JSON, one per line')
    .addOption(backendOption())
    .addHelpText('after', EXIT_HELP)
    .action(async (paths: string[], { backend, json, model, layer, atol, rtol }: CheckCommandOptions) => {
      await startBackend(backend);
      const progress = new Progress(terminal);
      const given: Partial<Tolerance> = {};
      if (atol !== undefined) given.atol = atol;
      if (rtol !== undefined) given.rtol = rtol;
      const options: CheckOptions = { model, layer, tolerance: given };
      try {
        for await (const report of checkFixtures(paths, options, (path) => progress.step(`checking ${path}`))) {
          progress.end();
          terminal.out(`${json ? JSON.stringify(report) : report.message}\n`);
          if (!report.passed) finish(EXIT_CODES.differs);
        }
      } finally {
        progress.end();
      }
    });
}

/**
 * The command's grammar.
 *
 * @param finish Called with the exit code where it is not 0.
 */
export function createProgram(version: string, terminal: Terminal, finish: (code: number) => void): Command {
  const program = new Command('explicit-lstm')
    .description('Inspects the LSTMs of TensorFlow.js models, and checks them against what they computed in Keras.')
    .version(version)
    .option('--debug', 'print the stack trace of an error')
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.error(text) })
    .showHelpAfterError('(see --help)')
    .addHelpText('after', EXIT_HELP);
  addInspect(program, terminal);
  addInfo(program, terminal);
  addCheck(program, terminal, finish);
  return program;
}
