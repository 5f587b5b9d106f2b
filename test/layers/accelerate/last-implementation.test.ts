import * as tf from '@tensorflow/tfjs';
import { accelerateBuiltIn, lastImplementation, lstm } from '../../../src/index.js';
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

  test.each([
    [
      'Bidirectional',
      () => tf.layers.bidirectional({ layer: tf.layers.lstm({ units: 2 }), mergeMode: 'sum', name: 'both' }),
    ],
    ['RNN', () => tf.layers.rnn({ cell: tf.layers.lstmCell({ units: 2 }), name: 'both' })],
  ])('refuses a layer of class %s', (kind, make) => {
    expect(() => lastImplementation(make())).toThrow(
      'lastImplementation: layer must be an LSTM; for Bidirectional, pass its forwardLayer or backwardLayer, ' +
        `for TimeDistributed its layer, got the ${kind} 'both'`,
    );
  });

  test('refuses what is no layer', () => {
    expect(() => lastImplementation(null as never)).toThrow('lastImplementation: layer must be an LSTM;');
    expect(() => lastImplementation(undefined as never)).toThrow('got undefined');
  });
});
