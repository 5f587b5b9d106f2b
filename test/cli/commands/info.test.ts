import { writeFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { weightNormsByGate } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { modelFile, modelPath } from '../../support/model-fixtures.js';
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

  test('tells who wrote a model', async () => {
    expect((await info()).out).toMatch(/^Model 'reader': .*\nTensorFlow\.js model, written by a test\n\n/);
    expect(JSON.parse((await info('--json')).out)).toMatchObject({
      format: 'TensorFlow.js model',
      writtenBy: 'a test',
    });
  });

  test('tells the LSTMs among weights, what layers they are, and what else there is', async () => {
    const { code, out } = await runMain(['info', modelPath('torch', 'model.safetensors'), '--backend', 'cpu']);
    expect(code).toBe(0);
    expect(out).toBe(`safetensors file, which does not say who wrote it

'decoder.rnn.': nn.LSTM
  3 units, reads 3 features, 1 layer, both ways
  opens as bidirectional(lstm)

'encoder.rnn.': nn.LSTM
  4 units, reads 3 features, 1 layer, forward
  opens as lstm

3 tensors besides: embedding.weight [7, 3], head.bias [2], head.weight [2, 4]
`);
  });

  test('tells the same of weights as JSON', async () => {
    const { out } = await runMain([
      'info',
      modelPath('onnx', 'bidirectional-peepholes.onnx'),
      '--json',
      '--backend',
      'cpu',
    ]);
    expect(JSON.parse(out)).toEqual({
      format: 'ONNX file (opset 14)',
      writtenBy: 'onnx.helper',
      refusal: null,
      modules: [
        {
          name: 'lstm',
          class: 'LSTM',
          features: 3,
          units: 4,
          layers: 1,
          direction: 'both ways',
          note: null,
          opensAs: ['bidirectional(lstm({ cell: peepholeCell }))'],
          reason: null,
        },
      ],
      others: { noun: 'node', count: 0, list: [] },
    });
  });

  test.each([
    [
      'onnx',
      'refused-external.onnx',
      /'lstm': LSTM\n {2}4 units, reads \? features,.*\n {2}cannot be opened: the tensor 'W'/,
    ],
    ['onnx', 'refused-gru.onnx', /It has no LSTM\.\n\n1 node: 1 GRU\n/],
    [
      'torch',
      'projection.safetensors',
      /opens as lstm\(\{ cell: peepholeCell \}\), lstm\(\{ cell: peepholeCell \}\)\n/,
    ],
    ['torch', 'gru.safetensors', /: nn\.GRU\n.*2 layers, both ways\n/],
    [
      'tf1',
      'multi.index',
      /cell_0\/basic_lstm_cell': BasicLSTMCell\n {2}4 units, reads 3 features(?:.|\n)*reads 4 features/,
    ],
    [
      'tf1',
      'both-ways',
      /bw\/lstm_cell': LSTMCell\n.*, backward\n {2}opens as .*\n {2}note: a checkpoint does not say/,
    ],
    ['tf1', 'refused-keras', /\? features,.*\n {2}cannot be opened: the scope 'lstm' holds a Keras layer's weights/],
    ['hdf5', 'newest.h5', /It has no LSTM\.\n\n3 arrays: .*\n\nThe file holds weights only/],
  ])('tells what cannot be opened, and what is unusual: %s/%s', async (framework, file, text) => {
    const { code, out } = await runMain(['info', modelPath(framework, file), '--backend', 'cpu']);
    expect(code).toBe(0);
    expect(out).toMatch(text);
  });

  test('tells the LSTMs in both layouts of weights of Keras', async () => {
    for (const [file, name] of [
      ['bidirectional.legacy.h5', 'concat/concat/backward_lstm/lstm_cell'],
      ['bidirectional.weights.h5', 'layers/bidirectional/backward_layer/cell/vars'],
    ] as const) {
      writeFileSync(folder.path(file), modelFile('keras/keras-2.15.0', file));
      const { out } = await runMain(['info', folder.path(file), '--backend', 'cpu']);
      expect(out).toContain(`'${name}': LSTM\n  3 units, reads 3 features, 1 layer, backward\n`);
      expect(out.match(/: LSTM\n/g)).toHaveLength(8);
    }
  });

  test('reads a file once, however many LSTMs it has', async () => {
    const header: Record<string, object> = {};
    for (let n = 0; n < 40; n++) {
      const place = { dtype: 'F32', shape: [4, 1], data_offsets: [16 * n, 16 * n + 16] };
      header[`m${n >> 1}.weight_${n % 2 === 0 ? 'ih' : 'hh'}_l0`] = place;
    }
    const text = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeUInt32LE(text.length);
    writeFileSync(folder.path('many.safetensors'), Buffer.concat([length, text, Buffer.alloc(40 * 16)]));
    const parse = jest.spyOn(JSON, 'parse');
    const { out } = await runMain(['info', folder.path('many.safetensors'), '--backend', 'cpu']);
    const headersRead = parse.mock.calls.filter(([json]) => json.length === text.length).length;
    parse.mockRestore();
    expect(headersRead).toBe(1);
    expect(out.match(/opens as lstm\n/g)).toHaveLength(20);
  });

  test('shows a name that would command the terminal as text', async () => {
    const name = 'a\u001b[2J\u009b\u202e';
    const tensor = { dtype: 'F32', shape: [1], data_offsets: [0, 4] };
    const header = Buffer.from(JSON.stringify({ [name]: tensor }));
    const bytes = Buffer.concat([Buffer.from([header.length, 0, 0, 0, 0, 0, 0, 0]), header, Buffer.alloc(4)]);
    writeFileSync(folder.path('hostile.safetensors'), bytes);
    const { out } = await runMain(['info', folder.path('hostile.safetensors'), '--backend', 'cpu']);
    expect(out).toContain('1 tensor: a\\u001b[2J\\u009b\\u202e [1]\n');
    const asJson = await runMain(['info', folder.path('hostile.safetensors'), '--json', '--backend', 'cpu']);
    expect(asJson.out).toContain('"a\\u001b[2J\\u009b\\u202e [1]"');
    expect(JSON.parse(asJson.out).others.list).toEqual([`${name} [1]`]);
  });
});
