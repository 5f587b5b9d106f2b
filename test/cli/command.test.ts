import { spawnSync } from 'node:child_process';
import { useBackend } from '../../tools/backends.js';
import { kerasFixturePath } from '../support/keras-fixtures.js';
import { saveModel, someModel } from './support/saved-model.js';
import { temporaryFolder } from './support/temporary-folder.js';

const folder = temporaryFolder();

beforeAll(async () => {
  await useBackend('cpu');
  await saveModel(someModel(), folder.path('reader'));
});

/** [3, 6, 4], as the model takes. */
const [SAMPLES, TIMESTEPS, FEATURES] = [3, 6, 4];
const NUMBERS = Float32Array.from({ length: SAMPLES * TIMESTEPS * FEATURES }, (_, n) => Math.sin(n));

function asJson(): string {
  const rows = Array.from({ length: SAMPLES * TIMESTEPS }, (_, n) => [
    ...NUMBERS.subarray(n * FEATURES, (n + 1) * FEATURES),
  ]);
  return JSON.stringify(Array.from({ length: SAMPLES }, (_, n) => rows.slice(n * TIMESTEPS, (n + 1) * TIMESTEPS)));
}

function asNpy(): Uint8Array {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${SAMPLES}, ${TIMESTEPS}, ${FEATURES}), }\n`;
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0]);
  return Buffer.concat([start, Buffer.from(header), Buffer.from(NUMBERS.buffer)]);
}

const run = (...args: string[]) => runWith('', ...args);

/** With what stands on the standard input. */
function runWith(input: string | Uint8Array, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', 'src/cli/explicit-lstm.ts', ...args],
    {
      encoding: 'utf8',
      env: { ...process.env, NODE_ENV: '' },
      input,
    },
  );
  return { status, stdout, stderr };
}

describe('explicit-lstm, run as a program', () => {
  test('tells what a model holds, and writes nothing else', () => {
    const { status, stdout, stderr } = run('info', folder.path('reader'), '--json', '--backend', 'wasm');
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout).lstms).toHaveLength(4);
  });

  test.each<[string, () => string | Uint8Array]>([
    ['JSON', asJson],
    ['.npy', asNpy],
  ])('inspects what comes from the standard input: %s', (_, input) => {
    const out = folder.path('report.html');
    const args = ['--input', '-', '--out', out, '--samples', '2', '--json', '--backend', 'cpu'];
    const { status, stdout, stderr } = runWith(input(), 'inspect', folder.path('reader'), ...args);
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout).read).toEqual({ used: 2, of: 3, what: 'samples' });
  });

  test('replays a fixture on the fastest backend', () => {
    expect(run('check', kerasFixturePath('returns-last'))).toEqual({
      status: 0,
      stdout: 'returns-last: all 12 quantities agree\n',
      stderr: '',
    });
  });

  test.each([
    ['@tensorflow/tfjs', /^error: @tensorflow\/tfjs is missing: npm install @tensorflow\/tfjs\n$/],
    // Asked for by a file of tfjs, says the message.
    ['commander', /Cannot find package 'commander' imported from \/node_modules\/@tensorflow\/tfjs\/index\.js/],
  ])('names the module that is missing: %s', (missing, message) => {
    const hook = `
      export async function resolve(specifier, context, next) {
        if (specifier !== '${missing}') return next(specifier, context);
        const message = "Cannot find package '${missing}' imported from /node_modules/@tensorflow/tfjs/index.js";
        throw Object.assign(new Error(message), { code: 'ERR_MODULE_NOT_FOUND' });
      }`;
    const url = `data:text/javascript,${encodeURIComponent(hook)}`;
    const register = `import { register } from 'node:module'; register(${JSON.stringify(url)});`;
    const importing = ['--import', 'tsx', '--import', `data:text/javascript,${encodeURIComponent(register)}`];
    const { status, stderr } = spawnSync(process.execPath, [...importing, 'src/cli/explicit-lstm.ts', '--help'], {
      encoding: 'utf8',
    });
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr.includes('npm install')).toBe(missing === '@tensorflow/tfjs');
  });

  test("tells a user's mistake in a line, and ends with 2", () => {
    expect(run('check', 'no/such.json')).toEqual({
      status: 2,
      stdout: '',
      stderr: "error: the fixture 'no/such.json' cannot be read: there is no such file\n",
    });
  });
});
