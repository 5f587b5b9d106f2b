import * as tf from '@tensorflow/tfjs';
import { accelerateBuiltIn, lastImplementation, lstm, lstmCell } from '../../../src/index.js';
import { useBackend } from '../../../tools/backends.js';
import { accelerated } from '../../support/accelerated.js';

beforeAll(() => useBackend('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const x = () => tf.ones([1, 3, 2]);

describe('lastImplementation', () => {
  test("of this package's layer is its own", () => {
    const layer = lstm({ units: 2, useFused: false });
    expect(lastImplementation(layer)).toBeNull();
    layer.apply(x());
    expect(lastImplementation(layer)).toEqual({ name: 'reference', reason: 'useFused is false' });
  });

  test('of a built-in layer is null until its first accelerated call', () => {
    const layer = tf.layers.lstm({ units: 2 });
    layer.apply(x());
    expect(lastImplementation(layer)).toBeNull();
    accelerated(() => {
      layer.apply(x());
      expect(lastImplementation(layer)).toEqual({ name: expect.stringMatching(/^wasm-/) });
    });
  });

  test('of a built-in layer is null after the undo, and in a later acceleration until its first call there', () => {
    const layer = tf.layers.lstm({ units: 2 });
    const undos = [accelerateBuiltIn(), accelerateBuiltIn()];
    layer.apply(x());
    undos[0]?.();
    expect(lastImplementation(layer)).not.toBeNull();
    undos[1]?.();
    expect(lastImplementation(layer)).toBeNull();
    accelerated(() => {
      expect(lastImplementation(layer)).toBeNull();
      layer.apply(x());
      expect(lastImplementation(layer)).not.toBeNull();
    });
  });

  test('of tf.layers.rnn is likewise, and says why a stack with a cell of another kind runs as before', () => {
    const over = (cell: unknown) => tf.layers.rnn({ cell } as tf.RNNLayerArgs);
    const cells = () => [tf.layers.lstmCell({ units: 2 }), lstmCell({ units: 2 })];
    const [fused, mixed] = [over(cells()), over([...cells(), tf.layers.gruCell({ units: 2 })])];
    accelerated(() => {
      for (const layer of [fused, mixed]) layer.apply(x());
      expect(lastImplementation(fused)).toEqual({ name: expect.stringMatching(/^wasm-/) });
      const reason = "the cell of class GRUCell is not an LSTM's";
      expect(lastImplementation(mixed)).toEqual({ name: 'built-in', reason });
    });
    expect(lastImplementation(fused)).toBeNull();
  });

  test.each([
    [
      'Bidirectional',
      () => tf.layers.bidirectional({ layer: tf.layers.lstm({ units: 2 }), mergeMode: 'sum', name: 'both' }),
    ],
    ['GRU', () => tf.layers.gru({ units: 2, name: 'both' })],
  ])('refuses a layer of class %s', (kind, make) => {
    expect(() => lastImplementation(make())).toThrow(
      'lastImplementation: layer must be an LSTM or tf.layers.rnn; for Bidirectional, pass its forwardLayer or backwardLayer, ' +
        `for TimeDistributed its layer, got the ${kind} 'both'`,
    );
  });

  test('refuses what is no layer', () => {
    expect(() => lastImplementation(null as never)).toThrow(
      'lastImplementation: layer must be an LSTM or tf.layers.rnn;',
    );
    expect(() => lastImplementation(undefined as never)).toThrow('got undefined');
  });
});
