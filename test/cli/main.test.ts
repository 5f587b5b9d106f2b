import { readFileSync } from 'node:fs';
import { createProgram, LOSSES } from '../../src/cli/program.js';
import { runMain } from './support/run-main.js';

describe('the command', () => {
  test('tells its version', async () => {
    expect(await runMain(['--version'])).toEqual({ code: 0, out: '1.2.3\n', error: '' });
  });

  test('helps when asked, on the standard output', async () => {
    const { code, out, error } = await runMain(['--help']);
    expect([code, error]).toEqual([0, '']);
    for (const word of ['info', 'check', 'Exit code: 0']) expect(out).toContain(word);
  });

  test.each(['info', 'convert', 'check'])('helps with %s', async (command) => {
    const { code, out } = await runMain([command, '--help']);
    expect(code).toBe(0);
    expect(out).toContain(`explicit-lstm ${command} [options] <`);
    expect(out).toContain('--backend <name>');
  });

  test('names each option of inspect, with what it takes', async () => {
    const { out } = await runMain(['inspect', '--help']);
    expect(out.match(/^ {2}--.*?(?= {2,})/gm)?.map((option) => option.trim())).toEqual([
      '--prefix <prefix>',
      '--node <path>',
      '--scope <scope>',
      '--input <data>',
      '--out <file>',
      '--labels <data>',
      '--loss <name>',
      '--time-labels <file>',
      '--vocabulary <file>',
      '--pad <end>',
      '--samples <number>',
      '--title <text>',
      '--json',
      '--fail-on <severity>',
      '--backend <name>',
    ]);
  });

  test('helps where there is nothing to do, as after a mistake', async () => {
    const { code, out, error } = await runMain([]);
    expect([code, out]).toEqual([2, '']);
    expect(error).toContain('Usage: explicit-lstm');
  });

  test.each([
    [['inform'], "error: unknown command 'inform'\n(Did you mean info?)"],
    [['info'], "error: missing required argument 'model'"],
    [['info', 'a', 'b'], 'error: too many arguments'],
    [['info', 'model.json', '--colour'], "error: unknown option '--colour'"],
    [['info', 'model.json', '--backend', 'gpu'], "error: option '--backend <name>' argument 'gpu' is invalid."],
    [['check', 'f.json', '--atol', '-1'], "argument '-1' is invalid. It must be a finite number of at least 0."],
    [['check', 'f.json', '--rtol', ''], "argument '' is invalid. It must be a finite number of at least 0."],
    [['check', 'f.json', '--atol', 'Infinity'], "argument 'Infinity' is invalid. It must be a finite number"],
    [['check', 'f.json', '--atol', '1e999'], "argument '1e999' is invalid. It must be a finite number"],
    [['check', 'f.json', '--atol', '0x10'], "argument '0x10' is invalid. It must be a finite number"],
    [['check', 'f.json', '--rtol', '1e-5x'], "argument '1e-5x' is invalid. It must be a finite number"],
    [['check', 'f.json', '--atol'], "option '--atol <number>' argument missing"],
    [['check', 'f.json', '--layer', 'lstm'], '--model must be given too'],
    [['convert', 'm.json', '--to', 'onnx'], "error: missing required argument 'out'"],
    [['convert', 'm.json', 'out'], "required option '--to <format>' not specified"],
    [['convert', 'm.json', 'out', '--to', 'pt'], 'Allowed choices are tfjs, keras, onnx, safetensors.'],
    [['convert', 'm.json', 'out', '--to', 'tfjs', '--layer', 'a'], '--layer is for onnx and safetensors'],
    [['convert', 'm.json', 'out', '--to', 'onnx', '--built-in'], '--built-in is for tfjs'],
    [['convert', 'm.json', 'out.json', '--to', 'tfjs'], "for tfjs name a folder, not 'out.json'"],
    [['convert', 'm.json', 'LICENSE', '--to', 'tfjs'], "for tfjs name a folder, but 'LICENSE' is a file"],
    [['convert', 'm.json', 'no/out', '--to', 'tfjs'], "cannot be written: there is no folder 'no'"],
    [['convert', 'm.json', 'src', '--to', 'onnx'], "the file 'src' cannot be written: it is a folder"],
    [['convert', 'm.json', 'README.md', '--to', 'onnx'], "'README.md' cannot be written: it is there already; --force"],
    [['inspect', 'm.json'], "required option '--input <data>' not specified"],
    [['inspect', 'm.json', '--input', 'x.npy', '--pad', 'middle'], 'Allowed choices are left, right.'],
    [['inspect', 'm.json', '--input', 'x.npy', '--samples', '0'], 'It must be a whole number of at least 1.'],
    [['inspect', 'm.json', '--input', 'x.npy', '--samples', '1.5'], 'It must be a whole number of at least 1.'],
    [['inspect', 'm.json', '--input', 'x.npy', '--samples', '1e3'], 'It must be a whole number of at least 1.'],
    [['inspect', 'm.json', '--input', 'x.npy', '--samples', '0x40'], 'It must be a whole number of at least 1.'],
    [['inspect', 'm.json', '--input', 'x.npy', '--samples', '99999999999999999999'], 'It must be a whole number'],
    [['inspect', 'm.json', '--input', 'x.npy', '--loss', 'meanSquarredError'], 'Allowed choices are meanSquaredError,'],
    [['inspect', 'm.json', '--input', 'x.npy', '--loss', 'poisson'], '--labels must be given too'],
    [['info', '-', '--backend', 'cpu'], 'error: a model is read from a file, and not from the standard input'],
    [['inspect', 'm.json', '--input', '-', '--labels', '-'], 'the standard input can be read once, so only one file'],
    [['inspect', 'm.json', '--input', 'x.npy', '--out', ''], '--out must name a file'],
    [['inspect', 'm.json', '--input', 'x.npy', '--out', '.'], "the report '.' cannot be written: it is a folder"],
    [['inspect', 'm.json', '--input', 'x.npy', '--out', 'no/r.html'], "cannot be written: there is no folder 'no'"],
  ])('refuses %j', async (args, message) => {
    const { code, out, error } = await runMain(args);
    expect([code, out]).toEqual([2, '']);
    expect(error).toContain(message);
  });

  test.each([
    ['1e-3', 0.001],
    ['.5', 0.5],
    ['2.', 2],
    ['0', 0],
    ['1.25E+2', 125],
  ])('takes %s for a tolerance', (text, value) => {
    let given: unknown;
    const program = createProgram('1', { out: () => {}, error: () => {}, isInteractive: false }, () => {});
    const check = program.commands.find((command) => command.name() === 'check');
    check?.action((_, options) => {
      given = options;
    });
    program.parse(['check', 'f.json', '--atol', text], { from: 'user' });
    expect(given).toMatchObject({ atol: value });
  });

  test('knows the losses that tfjs knows', () => {
    // It exports no list of them.
    const source = readFileSync('node_modules/@tensorflow/tfjs-layers/dist/losses.js', 'utf8');
    const [, names = ''] = /lossesMap = \{([^}]*)\}/.exec(source) ?? [];
    expect([...LOSSES].sort()).toEqual(names.match(/\w+/g)?.sort());
  });

  test('tells a mistake in one line, and where it comes from with --debug', async () => {
    const message = "error: the model 'no/model.json' cannot be read: there is no such file\n";
    expect(await runMain(['info', 'no/model.json', '--backend', 'cpu'])).toEqual({ code: 2, out: '', error: message });
    const { error } = await runMain(['--debug', 'info', 'no/model.json', '--backend', 'cpu']);
    expect(error).toMatch(/cannot be read: there is no such file\n {4}at /);
  });
});
