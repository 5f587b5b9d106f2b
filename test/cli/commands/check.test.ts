import { readFileSync, writeFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { toBuiltIn } from '../../../src/convert/index.js';
import { fixtureModel } from '../../../src/testing/index.js';
import { useBackend } from '../../../tools/backends.js';
import { kerasFixture, kerasFixturePath } from '../../support/keras-fixtures.js';
import { runMain } from '../support/run-main.js';
import { saveModel } from '../support/saved-model.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const folder = temporaryFolder();
const NAME = 'returns-sequences';
const FIXTURE = kerasFixturePath(NAME);

/** Saves the built-in layer of the fixture within a model; `error` is added to the bias of unit 2's forget gate. */
async function savePort(name: string, error: number): Promise<void> {
  const layer = tf.layers.lstm({ units: 5, recurrentActivation: 'sigmoid', returnSequences: true, name: 'ported' });
  const inner = tf.sequential({ name: 'inner', layers: [tf.layers.inputLayer({ inputShape: [null, 4] }), layer] });
  const model = tf.sequential({ layers: [inner, tf.layers.dense({ units: 1 })] });
  const weights = kerasFixture(NAME).weights.map(({ values, shape }) => tf.tensor(values, shape));
  layer.setWeights([
    weights[0],
    weights[1],
    tf.add(weights[2] as tf.Tensor, tf.oneHot(tf.scalar(7, 'int32'), 20).mul(error)),
  ] as tf.Tensor[]);
  await saveModel(model, folder.path(name));
}

beforeAll(async () => {
  await useBackend('cpu');
  await savePort('right', 0);
  await savePort('wrong', 0.1);
});

const check = (...args: string[]) => runMain(['check', '--backend', 'cpu', ...args]);

describe('check', () => {
  test('rebuilds the layer of every fixture and replays it', async () => {
    expect(await check(FIXTURE, kerasFixturePath('stateful-last'))).toEqual({
      code: 0,
      out: 'returns-sequences: all 12 quantities agree\nstateful-last: all 18 quantities agree\n',
      error: '',
    });
  });

  test('holds one layer of a model to the fixture, also of a nested model', async () => {
    const model = ['--model', folder.path('right'), '--layer', 'inner/ported'];
    expect(await check(FIXTURE, ...model)).toMatchObject({
      code: 0,
      out: 'returns-sequences: all 12 quantities agree\n',
    });
    const { code, out } = await check(
      FIXTURE,
      '--model',
      folder.path('wrong', 'model.json'),
      '--layer',
      'inner/ported',
    );
    expect(code).toBe(1);
    expect(out).toContain('first differing gate: f at timestep 0, sample 0, unit 2');
  });

  test('holds a whole model to the fixture', async () => {
    const whole = toBuiltIn(fixtureModel(kerasFixture(NAME)));
    await saveModel(whole, folder.path('whole'));
    const { code, out } = await check(FIXTURE, '--model', folder.path('whole'));
    expect(code).toBe(0);
    expect(out).toContain('returns-sequences: all 6 quantities agree\n  not compared: the gates');
  });

  test('goes on after a fixture that differs, and ends with 1', async () => {
    const document = JSON.parse(readFileSync(FIXTURE, 'utf8'));
    const wrong = folder.path('wrong.json');
    const [{ outputs }] = document.calls;
    outputs[0].base64 = `AACAPwAA${outputs[0].base64.slice(8)}`;
    writeFileSync(wrong, JSON.stringify(document));
    const { code, out } = await check(wrong, kerasFixturePath('returns-last'));
    expect(code).toBe(1);
    expect(out).toMatch(
      /returns-sequences: 1 of 12 .*\n {2}output: [12] of 90 differ[\s\S]*returns-last: all 12 quantities/,
    );
  });

  test('holds to the tolerance asked for', async () => {
    const wrong = [FIXTURE, '--model', folder.path('wrong'), '--layer', 'inner/ported'];
    expect((await check(...wrong, '--atol', '10')).code).toBe(0);
    expect((await check(...wrong, '--rtol', '1e9')).code).toBe(0);
    expect((await check(FIXTURE, '--atol', '0', '--rtol', '0')).code).toBe(1);
  });

  test('prints reports as JSON', async () => {
    const { out } = await check(FIXTURE, FIXTURE, '--json');
    const lines = out.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[1] as string)).toMatchObject({ fixture: NAME, passed: true, firstDifferingGate: null });
  });

  test('says which fixture it is at, where a person looks on', async () => {
    const { error } = await runMain(['check', '--backend', 'cpu', FIXTURE], { isInteractive: true });
    expect(error).toBe(`checking ${FIXTURE} …\r\u001b[K`);
  });

  test.each([
    [['no/such.json'], "the fixture 'no/such.json' cannot be read: there is no such file"],
    [['README.md'], "the fixture 'README.md': the document must be JSON: "],
    [['package.json'], "'package.json': loadFixture: format must be one of"],
    [[FIXTURE, '--layer', 'ported'], '--layer selects a layer of a model, so --model must be given too'],
    [[FIXTURE, '--model', 'no/such/folder'], "the model 'no/such/folder' cannot be read: there is no such file"],
  ])('refuses %j', async (args, message) => {
    const { code, out, error } = await check(...args);
    expect([code, out]).toEqual([2, '']);
    expect(error).toContain(`error: ${message}`);
    expect(error.trimEnd().split('\n')).toHaveLength(1);
  });

  test('refuses a layer that there is not, and one that the fixture does not fit', async () => {
    const at = (layer: string) => check(FIXTURE, '--model', folder.path('right'), '--layer', layer);
    expect((await at('outer')).error).toMatch(/^error: the model has no layer 'outer'; it has 'inner', 'dense_/);
    expect((await at('inner/lstm')).error).toContain("no layer 'inner/lstm'");
    const other = await check(
      kerasFixturePath('returns-last'),
      '--model',
      folder.path('right'),
      '--layer',
      'inner/ported',
    );
    expect(other).toMatchObject({ code: 2, out: '' });
    expect(other.error).toMatch(/^error: '.*returns-last\.json': checkFixture: /);
  });

  test('leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    await check(FIXTURE, '--model', folder.path('wrong'), '--layer', 'inner/ported');
    await check(FIXTURE);
    expect(tf.memory().numTensors).toBe(before);
  });
});
