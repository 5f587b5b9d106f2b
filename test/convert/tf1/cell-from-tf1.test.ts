import * as tf from '@tensorflow/tfjs';
import { cellFromTF1, FileError, readTF1, type StoredArray } from '../../../src/convert/index.js';
import { lstm } from '../../../src/index.js';
import { BasicLSTMCell, PeepholeCell } from '../../../src/variants/index.js';
import { expectClose } from '../../support/close.js';
import { checkpoint, decode, tf1Fixtures } from './tf1-fixtures.js';

const array = (...shape: number[]): StoredArray => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, n) => n),
});

/** Of a cell of 2 units over 3 features. */
const variablesOf = (more: Record<string, StoredArray> = {}, scope = 'rnn/lstm_cell') =>
  new Map(
    Object.entries({ kernel: array(5, 8), bias: array(8), ...more }).map(([name, value]) => [
      `${scope}/${name}`,
      value,
    ]),
  );
const PEEPHOLES = { w_i_diag: array(2), w_f_diag: array(2), w_o_diag: array(2) };

function dispose(...cells: tf.layers.Layer[]): void {
  for (const cell of cells) for (const weight of cell.weights) weight.dispose();
}

describe('cellFromTF1', () => {
  const fixtures = tf1Fixtures();
  test.each(fixtures.filter(({ name }) => !/^refused/.test(name)))(
    'computes what TensorFlow did: $name',
    async ({ name, cells: described, bothWays, x, output }) => {
      const variables = await readTF1(checkpoint(name));
      const cells = described.map(({ scope, options }) => cellFromTF1(variables, scope, options));
      const layers = cells.map((cell) => lstm({ cell, returnSequences: true }));
      tf.tidy(() => {
        const input = decode(x);
        if (!bothWays) {
          const whole = layers.reduce((value, layer) => layer.apply(value) as tf.Tensor, input);
          expectClose(whole, decode(output));
          const stacked = tf.layers.rnn({ cell: cells, returnSequences: true });
          expectClose(stacked.apply(input) as tf.Tensor, decode(output));
          return;
        }
        const layer = tf.layers.bidirectional({ layer: layers[0] as tf.layers.RNN, mergeMode: 'concat' });
        layer.build([null, null, 3]);
        layer.setWeights(cells.flatMap((cell) => cell.getWeights()));
        expectClose(layer.apply(input) as tf.Tensor, decode(output));
      });
    },
  );

  test.each(fixtures.filter(({ name }) => /^refused/.test(name)))('refuses by name: $name', async ({ name, cells }) => {
    const variables = await readTF1(checkpoint(name));
    for (const { scope, refused } of cells) {
      expect(() => cellFromTF1(variables, scope)).toThrow(FileError);
      expect(() => cellFromTF1(variables, scope)).toThrow(`the scope '${scope}' holds ${refused}`);
    }
  });

  test('makes the cell that the scope names', () => {
    const basic = cellFromTF1(variablesOf({}, 'a/basic_lstm_cell_1'), 'a/basic_lstm_cell_1');
    expect(basic).toBeInstanceOf(BasicLSTMCell);
    const general = cellFromTF1(variablesOf(), 'rnn/lstm_cell/');
    expect(general).toBeInstanceOf(PeepholeCell);
    expect(general.getConfig()).toMatchObject({ peepholes: false, forgetBias: 1 });
    const more = cellFromTF1(variablesOf(PEEPHOLES, 'basic_lstm_cell'), 'basic_lstm_cell', {
      cellClip: 2,
      activation: 'relu',
    });
    expect(more).toBeInstanceOf(PeepholeCell);
    expect(more.getConfig()).toMatchObject({ cellClip: 2, activation: 'relu' });
    const unsaid = cellFromTF1(variablesOf(), 'rnn/lstm_cell', {
      activation: null as never,
      forgetBias: null as never,
    });
    expect(unsaid.getConfig()).toMatchObject({ activation: 'tanh', forgetBias: 1 });
    dispose(basic, general, more, unsaid);
  });

  test('splits the kernel and puts the blocks in order', () => {
    const cell = cellFromTF1(variablesOf(PEEPHOLES), 'rnn/lstm_cell');
    const [kernel, recurrentKernel, bias, peepholes] = cell.getWeights().map((weight) => weight.arraySync());
    expect((kernel as number[][])[1]).toEqual([8, 9, 12, 13, 10, 11, 14, 15]);
    expect((recurrentKernel as number[][])[0]).toEqual([24, 25, 28, 29, 26, 27, 30, 31]);
    expect(bias).toEqual([0, 1, 4, 5, 2, 3, 6, 7]);
    expect(peepholes).toEqual([0, 1, 0, 1, 0, 1]);
    dispose(cell);
  });

  test('takes no forget bias for a cell that is compatible with CuDNN, unless told', () => {
    const scope = 'rnn/multi_rnn_cell/cell_0/cudnn_compatible_lstm_cell';
    const cells = [{}, { forgetBias: 2 }].map((options) => cellFromTF1(variablesOf({}, scope), scope, options));
    expect(cells.map((cell) => cell.getConfig().forgetBias)).toEqual([undefined, 2]);
    dispose(...cells);
  });

  test('makes the cell of a checkpoint whose variables have no scope', () => {
    const bare = new Map([...variablesOf()].map(([name, value]) => [name.replace('rnn/lstm_cell/', ''), value]));
    const [cell, scoped] = [cellFromTF1(bare, ''), cellFromTF1(variablesOf(), 'rnn/lstm_cell')];
    for (const [n, weight] of cell.getWeights().entries()) expectClose(weight, scoped.getWeights()[n] as tf.Tensor, 0);
    dispose(cell, scoped);
  });

  test('reads the names of old versions, and passes over what an optimizer keeps', () => {
    const old = new Map([
      ['lstm/weights', array(4, 8)],
      ['lstm/biases', array(8)],
      ['lstm/projection/weights', array(2, 1)],
      ['lstm/weights/Adam', array(4, 8)],
      ['lstm/biases/ExponentialMovingAverage', array(8)],
      ['lstm_2/other', array(1)],
    ]);
    const cell = cellFromTF1(old, 'lstm');
    expect(cell.getWeights().map(({ shape }) => shape)).toEqual([[3, 8], [1, 8], [8], [2, 1]]);
    dispose(cell);
  });

  test('makes cells of a model that can be saved and loaded', async () => {
    const variables = await readTF1(checkpoint('multi'));
    const scopes = ['cell_0/basic_lstm_cell', 'cell_1/lstm_cell'];
    const layers = scopes.map((scope) =>
      lstm({ cell: cellFromTF1(variables, `rnn/multi_rnn_cell/${scope}`), returnSequences: true }),
    );
    const model = tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [null, 3] }), ...layers] });
    let saved: tf.io.ModelArtifacts | undefined;
    await model.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
      }),
    );
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(saved as tf.io.ModelArtifacts));
    const x = tf.randomNormal([2, 4, 3], 0, 1, 'float32', 1);
    expectClose(loaded.predict(x) as tf.Tensor, model.predict(x) as tf.Tensor);
  });

  test('builds large cells without running their initializers', () => {
    const U = 400;
    const cell = cellFromTF1(
      new Map([
        ['c/kernel', array(1 + U, 4 * U)],
        ['c/bias', array(4 * U)],
      ]),
      'c',
    );
    expect(cell.getWeights()[1]?.shape).toEqual([U, 4 * U]);
    dispose(cell);
  });

  test.each<[string, Record<string, StoredArray>, string]>([
    [
      'a bias that is a matrix',
      { bias: array(8, 1) },
      "variable 'rnn/lstm_cell/bias' must have the shape [4U], but has [8, 1]",
    ],
    ['a bias that is not of four gates', { bias: array(7) }, 'must have the shape [4U], but has [7]'],
    ['an empty bias', { bias: array(0) }, 'must have the shape [4U], but has [0]'],
    ['a kernel without rows for x', { kernel: array(2, 8) }, 'must have the shape [D + 2, 8], but has [2, 8]'],
    ['a kernel of other columns', { kernel: array(5, 4) }, 'must have the shape [5, 8], but has [5, 4]'],
    [
      'two peepholes of three',
      { w_i_diag: array(2), w_o_diag: array(2) },
      "variable 'rnn/lstm_cell/w_f_diag' is missing",
    ],
    [
      'peepholes of another size',
      { ...PEEPHOLES, w_o_diag: array(3) },
      "w_o_diag' must have the shape [2], but has [3]",
    ],
    [
      'a projection of other units',
      { 'projection/kernel': array(3, 1) },
      "projection/kernel' must have the shape [2, 1]",
    ],
    ['a projection to nothing', { 'projection/kernel': array(2, 0) }, "projection/kernel' must have the shape [2, 1]"],
    [
      'integers',
      { bias: { dtype: 'int32', shape: [8], data: new Int32Array(8) } },
      "bias' must hold floating-point numbers, but holds int32",
    ],
    [
      'opaque parameters',
      { opaque_kernel: array(9) },
      "holds a CudnnLSTM's opaque parameters ('opaque_kernel'); save it through",
    ],
    [
      'a cell of coupled gates',
      { W_i: array(9) },
      "holds a CoupledInputForgetGateLSTMCell ('W_i'); copy its weights into a peepholeCell with coupled: true",
    ],
    [
      'what no LSTM has',
      { attention: array(9) },
      "the scope 'rnn/lstm_cell' holds 'attention', which is no variable of BasicLSTMCell",
    ],
  ])('refuses %s', (_, more, message) => {
    const before = tf.memory().numTensors;
    expect(() => cellFromTF1(variablesOf(more), 'rnn/lstm_cell')).toThrow(FileError);
    expect(() => cellFromTF1(variablesOf(more), 'rnn/lstm_cell')).toThrow(message);
    expect(tf.memory().numTensors).toBe(before);
  });

  test.each(['rnn/basic_rnn_cell', 'ugrnn_cell_1'])('refuses other cells, though the shapes would do: %s', (scope) => {
    expect(() => cellFromTF1(variablesOf({}, scope), scope)).toThrow(FileError);
    expect(() => cellFromTF1(variablesOf({}, scope), scope)).toThrow(
      /^the scope '.*' is named as a (basic_rnn|ugrnn)_cell, which is no LSTM$/,
    );
  });

  test('says which scopes there are, but not all of very many', () => {
    const scopes = (length: number) =>
      new Map(Array.from({ length }, (_, n) => [`cell_${n}/kernel`, array(4, 8)] as const));
    expect(() => cellFromTF1(scopes(9), 'rnn')).toThrow(/; there is 'cell_0', .*'cell_7', …$/);
    expect(() => cellFromTF1(scopes(8), 'rnn')).toThrow(/; there is 'cell_0', .*'cell_7'$/);

    const variables = new Map([
      ...variablesOf(),
      ...variablesOf({}, 'rnn/basic_lstm_cell'),
      ['dense/kernel', array(2, 2)],
    ]);
    expect(() => cellFromTF1(variables, 'rnn')).toThrow(
      "the scope 'rnn' holds no cell: no 'rnn/kernel'; there is 'rnn/lstm_cell', 'rnn/basic_lstm_cell'",
    );
    expect(() => cellFromTF1(new Map(), '')).toThrow(/^the scope '' holds no cell: no 'kernel'$/);
  });

  test('refuses arguments that break their rules', () => {
    const variables = variablesOf();
    expect(() => cellFromTF1({} as never, 'rnn')).toThrow(
      'cellFromTF1: variables must be the Map that readTF1 returns',
    );
    expect(() => cellFromTF1(variables, 3 as never)).toThrow(
      "cellFromTF1: scope must be a string, such as 'rnn/lstm_cell'",
    );
    expect(() => cellFromTF1(variables, 'rnn/lstm_cell', { forget_bias: 1 } as object)).toThrow(
      "must be spelt 'forgetBias'",
    );
    expect(() => cellFromTF1(variables, 'rnn/lstm_cell', { cellClip: -1 })).toThrow(
      'cellClip must be a positive number, got -1',
    );
    expect(() => cellFromTF1(variables, 'rnn/lstm_cell', { activation: 'none' as never })).toThrow(RangeError);
    expect(() => cellFromTF1(variables, 'rnn/lstm_cell', { projectionClip: 1 })).toThrow(
      "projectionClip must be left out, because 'rnn/lstm_cell' has no projection, got 1",
    );
  });

  test('leaves no tensors behind but the weights', () => {
    const before = tf.memory().numTensors;
    const cell = cellFromTF1(variablesOf(PEEPHOLES), 'rnn/lstm_cell');
    expect(tf.memory().numTensors - before).toBe(4);
    dispose(cell);
    expect(tf.memory().numTensors).toBe(before);
  });
});
