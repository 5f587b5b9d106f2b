import * as tf from '@tensorflow/tfjs';
import { weightNormsByGate } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { runMain } from '../support/run-main.js';
import { saveModel, someModel } from '../support/saved-model.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const folder = temporaryFolder();
let model: tf.LayersModel;

beforeAll(async () => {
  await useBackend('cpu');
  model = someModel();
  await saveModel(model, folder.path('reader'));
});

const info = (...args: string[]) => runMain(['info', folder.path('reader'), '--backend', 'cpu', ...args]);

describe('info', () => {
  test("tells the model's layers and its LSTMs, in words", async () => {
    const { code, out, error } = await info();
    expect([code, error]).toEqual([0, '']);
    expect(out).toContain(`Model 'reader': ${model.countParams()} weights\n`);
    expect(out).toMatch(/^lower +LSTM +\[\?, 6, 5\] +200$/m);
    expect(out).toMatch(/^encoder +Sequential +\[\?, 6, 4\] +112$/m);
    expect(out).toContain(
      "\nLSTM 'lower': 5 units, reads 4 features\n  built-in, activation tanh, recurrent activation hardSigmoid\n  returns sequences\n",
    );
    expect(out).toContain("\nLSTM 'encoder/both (backward)': 2 units, reads 5 features\n  of explicit-lstm,");
    expect(out).toContain("\nLSTM 'upper': 3 units, reads 4 features\n");
    expect(out).toContain('  returns the last output\n');
  });

  test('tells the norms of every gate', async () => {
    const norms = await weightNormsByGate(model.getLayer('upper'));
    const numbers = (['i', 'f', 'g', 'o'] as const).map((gate) => norms.recurrentKernel[gate].toPrecision(3));
    const { out } = await info();
    const upper = out.slice(out.indexOf("LSTM 'upper'"));
    expect(upper).toMatch(/norms of weights +i +f +g +o\n/);
    expect(upper).toMatch(new RegExp(`recurrent kernel +${numbers.join(' +')}\n`));
    expect(upper).toMatch(/\n {2}bias /);
    expect(out.slice(out.indexOf('encoder/both'), out.indexOf("LSTM 'upper'"))).not.toContain('bias');
  });

  test('tells the same as JSON', async () => {
    const document = JSON.parse((await info('--json')).out);
    expect(document).toMatchObject({ name: 'reader', weights: model.countParams() });
    expect(document.layers[3]).toEqual({ name: 'answer', class: 'Dense', outputShape: [null, 2], weights: 8 });
    const places = document.lstms.map(({ layerName, direction, explicit }: Record<string, unknown>) => [
      layerName,
      direction,
      explicit,
    ]);
    expect(places).toEqual([
      ['lower', 'forward', false],
      ['encoder/both', 'forward', true],
      ['encoder/both', 'backward', true],
      ['upper', 'forward', false],
    ]);
    expect(document.lstms[3].norms).toEqual(await weightNormsByGate(model.getLayer('upper')));
    expect(document.lstms[1].norms.bias).toBeNull();
  });

  test('says so where there is no LSTM, and tells stacked cells apart', async () => {
    const plain = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] });
    await saveModel(plain, folder.path('plain'));
    expect((await runMain(['info', folder.path('plain'), '--backend', 'cpu'])).out).toContain('\nIt has no LSTM.\n');
    const cells = [2, 3].map((units) => tf.layers.lstmCell({ units }));
    const rnn = tf.layers.rnn({ cell: cells, name: 'stack', returnState: true, inputShape: [4, 1] } as tf.RNNLayerArgs);
    const input = tf.input({ shape: [4, 1] });
    await saveModel(
      tf.model({ inputs: input, outputs: (rnn.apply(input) as tf.SymbolicTensor[])[0] as tf.SymbolicTensor }),
      folder.path('stack'),
    );
    const { out } = await runMain(['info', folder.path('stack'), '--backend', 'cpu']);
    expect(out).toContain("LSTM 'stack': 2 units");
    expect(out).toContain("LSTM 'stack (cell 1)': 3 units, reads 2 features");
    expect(out).toContain('returns the last output and states');
  });

  test('leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    // Not the other: tfjs's Bidirectional does not dispose the weights of its directions.
    await runMain(['info', folder.path('stack'), '--backend', 'cpu']);
    expect(tf.memory().numTensors).toBe(before);
  });
});
