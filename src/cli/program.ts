import { Command, InvalidArgumentError, Option } from 'commander';
import { SEVERITIES, type Severity } from '../inspect/diagnose/finding.js';
import type { Tolerance } from '../testing/compare.js';
import { BACKEND_CHOICES, type BackendChoice, startBackend } from './backends.js';
import { type CheckOptions, checkFixtures } from './commands/check.js';
import { type ConvertOptions, convert, TARGETS } from './commands/convert.js';
import { fileInfo, fileInfoText } from './commands/info.js';
import { type InspectOptions, inspect, inspectedText, isAsSevere } from './commands/inspect.js';
import { Progress } from './progress.js';
import { printable, type Terminal } from './terminal.js';

/** What the command ends with: `differs` where what was asked for is not so. Usage and all other errors of the user's are in `main`. */
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

interface InspectCommandOptions extends InspectOptions, CommonOptions {
  failOn?: Severity;
}

type ConvertCommandOptions = ConvertOptions & CommonOptions;

const MODEL =
  'a model.json of TensorFlow.js or the folder that contains it, .keras, .h5, .safetensors, .onnx, or the prefix of a TensorFlow 1 checkpoint';
const EXIT_HELP = `
Exit code: 0 on success, 1 if a check finds differences or inspect finds what --fail-on names, 2 if the command or its files are wrong.`;

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

/** The options that choose one LSTM of a file with several. */
function addSelectors(command: Command): Command {
  return command
    .option('--prefix <prefix>', 'safetensors: what is before weight_ih_l0 in the names of the weights')
    .option('--node <path>', 'ONNX: the LSTM node')
    .option('--scope <scope>', 'TensorFlow 1: the scope of the cell');
}

/** As JSON, whose own way of writing what would command the terminal is that of `printable`. */
function jsonText(value: unknown, indent = 0): string {
  return printable(JSON.stringify(value, null, indent));
}

/** Says what is going on, and what a person should know, while a command does its work. */
async function withProgress(
  terminal: Terminal,
  work: (progress: Progress, onNote: (note: string) => void) => Promise<string>,
): Promise<void> {
  const progress = new Progress(terminal);
  const onNote = (note: string) => {
    progress.end();
    // A program is told which function says it.
    terminal.error(`note: ${printable(note.replace(/^[A-Za-z]+: /, ''))}\n`);
  };
  try {
    const result = await work(progress, onNote);
    progress.end();
    terminal.out(result);
  } finally {
    progress.end();
  }
}

const INSPECT_EXAMPLES = `
Data is .npy, .json (nested arrays, or an object with one for each of the model's names), or text with one sample per line.
Text needs a vocabulary: one token per line, or JSON: an array of tokens, or an object that maps each token to its number.
With - in place of a file, it comes from the standard input: arrays, or text if there is a vocabulary.
Text is split into characters if all tokens of the vocabulary are single characters, and into words otherwise.

Examples:
  explicit-lstm inspect model.json --input x.npy --out report.html
  explicit-lstm inspect model.json --input lines.txt --vocabulary characters.json --samples 16
  python make_inputs.py | explicit-lstm inspect model.keras --input - --json --fail-on warning`;

function addInspect(program: Command, terminal: Terminal, finish: (code: number) => void): void {
  addSelectors(program.command('inspect'))
    .description("say what is wrong with a model's LSTMs, and write a report on them as one HTML page")
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
    .option('--json', 'print the findings, and what was read, as JSON')
    .addOption(
      new Option('--fail-on <severity>', 'end with 1 if a finding is as severe as this, or more').choices(SEVERITIES),
    )
    .addOption(backendOption())
    .addHelpText('after', INSPECT_EXAMPLES + EXIT_HELP)
    .action(async (path: string, { backend, json, failOn, ...options }: InspectCommandOptions) => {
      await startBackend(backend);
      await withProgress(terminal, async (progress, onNote) => {
        const inspected = await inspect(path, options, progress, onNote);
        if (failOn !== undefined && isAsSevere(inspected, failOn)) finish(EXIT_CODES.differs);
        return `${json ? jsonText(inspected, 2) : printable(inspectedText(inspected))}\n`;
      });
    });
}

function addInfo(program: Command, terminal: Terminal): void {
  program
    .command('info')
    .description(
      "list a model's layers, and for its LSTMs the units and the norms of each gate's weights; or the LSTMs of a file of weights",
    )
    .argument('<model>', MODEL)
    .option('--json', 'print JSON')
    .addOption(backendOption())
    .action(async (path: string, { backend, json }: CommonOptions) => {
      await startBackend(backend);
      await withProgress(terminal, async (progress, onNote) => {
        progress.reading(path);
        const info = await fileInfo(path, onNote);
        return json ? `${jsonText(info, 2)}\n` : fileInfoText(info);
      });
    });
}

const CONVERT_EXAMPLES = `
tfjs and keras take whole models; an LSTM from a file of weights becomes a model of its own. onnx and safetensors take LSTMs:
those of --layer, or all of a model that has one or a stack of them. onnx takes a whole model if it is a chain of layers that
ONNX has too.

Examples:
  explicit-lstm convert model.keras folder --to tfjs
  explicit-lstm convert model.json model.keras --to keras
  explicit-lstm convert model.keras lstm.safetensors --to safetensors --layer encoder/lstm
  explicit-lstm convert model.safetensors folder --to tfjs --prefix encoder.rnn.`;

function addConvert(program: Command, terminal: Terminal): void {
  const collect = (name: string, names: string[] = []) => [...names, name];
  addSelectors(program.command('convert'))
    .description('write a model, or its LSTMs, in another format')
    .argument('<model>', MODEL)
    .argument('<out>', 'the file to write; for tfjs a folder')
    .addOption(new Option('--to <format>', 'what to write').choices(TARGETS).makeOptionMandatory())
    .option('--layer <name>', 'onnx and safetensors: write only this layer (repeatable)', collect)
    .option('--built-in', 'tfjs: write built-in LSTMs, which load without explicit-lstm')
    .option('--force', 'replace files that are there')
    .addOption(backendOption())
    .addHelpText('after', CONVERT_EXAMPLES)
    .action(async (path: string, out: string, { backend, ...options }: ConvertCommandOptions) => {
      await startBackend(backend);
      await withProgress(terminal, async (progress, onNote) => {
        return `${printable(await convert(path, out, options, progress, onNote))}\n`;
      });
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
      const given: Partial<Tolerance> = {};
      if (atol !== undefined) given.atol = atol;
      if (rtol !== undefined) given.rtol = rtol;
      await withProgress(terminal, async (progress, onNote) => {
        const options: CheckOptions = { model, layer, tolerance: given, onNote };
        for await (const report of checkFixtures(paths, options, (path) => progress.step(`checking ${path}`))) {
          progress.end();
          terminal.out(`${json ? jsonText(report) : printable(report.message)}\n`);
          if (!report.passed) finish(EXIT_CODES.differs);
        }
        return '';
      });
    });
}

/**
 * The command's grammar.
 *
 * @param finish Called with the exit code where it is not 0.
 */
export function createProgram(version: string, terminal: Terminal, finish: (code: number) => void): Command {
  const program = new Command('explicit-lstm')
    .description(
      'Inspects the LSTMs of models of TensorFlow.js and others, converts them, and checks what they compute.',
    )
    .version(version)
    .option('--debug', 'print the stack trace of an error')
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.error(text) })
    .showHelpAfterError('(see --help)')
    .addHelpText('after', EXIT_HELP);
  addInspect(program, terminal, finish);
  addInfo(program, terminal);
  addConvert(program, terminal);
  addCheck(program, terminal, finish);
  return program;
}
