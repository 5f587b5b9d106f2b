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

  test.each(['info', 'check'])('helps with %s', async (command) => {
    const { code, out } = await runMain([command, '--help']);
    expect(code).toBe(0);
    expect(out).toContain(`explicit-lstm ${command} [options] <`);
    expect(out).toContain('--backend <name>');
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
    [['check', 'f.json', '--atol', '-1'], "argument '-1' is invalid. It must be a number of at least 0."],
    [['check', 'f.json', '--rtol', ''], "argument '' is invalid. It must be a number of at least 0."],
  ])('refuses %j', async (args, message) => {
    const { code, out, error } = await runMain(args);
    expect([code, out]).toEqual([2, '']);
    expect(error).toContain(message);
  });

  test('tells a mistake in one line, and where it comes from with --debug', async () => {
    const message = "error: the model 'no/model.json' cannot be read: there is no such file\n";
    expect(await runMain(['info', 'no/model.json', '--backend', 'cpu'])).toEqual({ code: 2, out: '', error: message });
    const { error } = await runMain(['--debug', 'info', 'no/model.json', '--backend', 'cpu']);
    expect(error).toMatch(/cannot be read: there is no such file\n {4}at /);
  });
});
