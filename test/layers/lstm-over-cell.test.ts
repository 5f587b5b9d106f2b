import * as tf from '@tensorflow/tfjs';
import { LSTM, lstm, lstmCell } from '../../src/index.js';
import { LSTMCell } from '../../src/layers/lstm-cell.js';
import { useBackend } from '../../tools/backends.js';
import { expectAllClose, expectClose } from '../support/close.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [2, 5, 3, 4];

/** Forgets half of what another cell would keep. */
class HalfCell extends LSTMCell {
  static override readonly className = 'HalfCell';
  override step(x: tf.Tensor2D, [h, c]: readonly [tf.Tensor2D, tf.Tensor2D]) {
    return super.step(x, [h, tf.mul(c, 0.5)]);
  }
}

const x = () => randomTensor([BATCH, TIMESTEPS, FEATURES], 1);

beforeAll(() => useBackend('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

describe('An LSTM over a given cell', () => {
  test('runs that very cell, and holds its weights', () => {
    const cell = lstmCell({ units: UNITS, recurrentActivation: 'sigmoid' });
    const layer = lstm({ cell, returnSequences: true });
    const plain = lstm({ units: UNITS, recurrentActivation: 'sigmoid', returnSequences: true });
    for (const one of [layer, plain]) one.apply(x());
    randomizeWeights(layer, 5);
    plain.setWeights(layer.getWeights());
    expect(layer.cell).toBe(cell);
    expectAllClose(layer.getWeights(), cell.getWeights(), 0);
    expectClose(layer.apply(x()) as tf.Tensor, plain.apply(x()) as tf.Tensor);
  });

  test('saves its own arguments and the config of its cell, and is made again of them', () => {
    const args = { returnSequences: true, goBackwards: true, name: 'memory' };
    const layer = lstm({ cell: lstmCell({ units: UNITS, zoneout: 0.25, useBias: false, name: 'within' }), ...args });
    const config = layer.getConfig();
    expect(config).toMatchObject({
      ...args,
      cell: { className: 'ExplicitLSTMCell', config: { units: UNITS, zoneout: 0.25, useBias: false, name: 'within' } },
    });
    for (const name of ['units', 'useBias', 'kernelInitializer', 'zoneout', 'dropout']) {
      expect(config).not.toHaveProperty(name);
    }
    const saved = JSON.parse(JSON.stringify(config));
    // As Bidirectional does, which makes both of its layers of one config.
    const [again, other] = [1, 2].map(() => LSTM.fromConfig(LSTM as never, config) as LSTM) as [LSTM, LSTM];
    expect(new Set([layer.cell, again.cell, other.cell]).size).toBe(3);
    expect([again.getConfig(), other.getConfig()]).toEqual([saved, saved]);
    for (const one of [layer, again]) one.apply(x());
    randomizeWeights(layer, 5);
    again.setWeights(layer.getWeights());
    expectClose(again.apply(x()) as tf.Tensor, layer.apply(x()) as tf.Tensor, 0);
  });

  test('is made again with a cell of a class that is registered, or given, and of no other', () => {
    const config = lstm({ cell: new HalfCell({ units: UNITS }) }).getConfig();
    const again = (customObjects = {}) => LSTM.fromConfig(LSTM as never, { ...config }, customObjects) as LSTM;
    expect(() => again()).toThrow(
      "LSTM.fromConfig: the class of the saved cell must be registered: import 'explicit-lstm/variants', or the module of your own that has it, before the model is loaded (layer 'HalfCell')",
    );
    expect(again({ HalfCell: [HalfCell, HalfCell.fromConfig] }).cell).toBeInstanceOf(HalfCell);
    tf.serialization.registerClass(HalfCell);
    expect(again().cell).toBeInstanceOf(HalfCell);
  });

  test("takes one cell of this package, and neither tfjs's nor several", () => {
    const rule = 'LSTM: cell must be one LSTMCell of this package; tf.layers.rnn takes others, and stacks';
    const tfjs = tf.layers.lstmCell({ units: 2, name: 'other' });
    expect(() => lstm({ cell: tfjs } as never)).toThrow(`${rule}, got the LSTMCell 'other'`);
    expect(() => lstm({ cell: [lstmCell({ units: 2 })] } as never)).toThrow(rule);
    expect(() => lstm({ cell: 4 } as never)).toThrow(`${rule}, got 4`);
    // It is what tf.layers.lstm itself writes into the arguments that it is given.
    const args = { units: 3 };
    tf.layers.lstm(args);
    expect(args).toHaveProperty('cell');
    expect(lstm(args).cell.units).toBe(3);
  });

  test('begins with zeros, each state as wide as the cell has it', () => {
    const layer = lstm({ cell: lstmCell({ units: UNITS }) });
    const states = layer.getInitialState(x());
    expectAllClose(states, [tf.zeros([BATCH, UNITS]), tf.zeros([BATCH, UNITS])], 0);
  });
});
