import * as tf from '@tensorflow/tfjs';
import { toBuiltIn, toExplicit } from '../../src/convert/index';
import { LSTM, LSTMCell, lstm, lstmCell } from '../../src/index';
import { useBackend } from '../../tools/backends';
import { builtIn, dense, predict, randomInputs, randomizeWeights, type Symbolic } from './support/models';

beforeAll(() => useBackend('cpu'));

function functional(layer: tf.layers.Layer): tf.LayersModel {
  const x = tf.input({ shape: [5, 3] });
  return tf.model({ inputs: x, outputs: [layer.apply(x)].flat() as Symbolic[] });
}

/** The message of what a call throws, which must leave no tensor behind. */
function refusal(convert: () => unknown): string {
  const before = tf.memory().numTensors;
  let message = 'nothing was thrown';
  try {
    convert();
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    ({ message } = error as Error);
  }
  expect(tf.memory().numTensors).toBe(before);
  expect(message).not.toContain('\n');
  return message;
}

describe.each([
  ['toExplicit', toExplicit],
  ['toBuiltIn', toBuiltIn],
])('%s', (name, convert) => {
  test.each([
    [undefined, 'undefined'],
    ['model.json', "'model.json'"],
    [{ layers: [] }, "an object of class Object with keys ['layers']"],
  ])('refuses what is not a model: %p', (value, shown) => {
    expect(refusal(() => convert(value as never))).toBe(`${name}: model must be a tf.LayersModel, got ${shown}`);
  });

  test('refuses a layer', () => {
    expect(refusal(() => convert(dense(2) as never))).toMatch(`${name}: model must be a tf.LayersModel, got`);
  });

  test('refuses an empty Sequential', () => {
    const model = tf.sequential({ name: 'empty' });
    const message = `${name}: model must be built, with at least one layer, got [] (layer 'empty')`;
    expect(refusal(() => convert(model))).toBe(message);
  });

  test('refuses a disposed model', () => {
    const model = functional(tf.layers.dense({ units: 2, name: 'd' }));
    model.dispose();
    expect(refusal(() => convert(model))).toMatch(
      new RegExp(
        `^${name}: model must not be disposed, got 'the disposed variable d/kernel.*' \\(layer '${model.name}'\\)$`,
      ),
    );
  });

  test('refuses a layer without a usable config, after half the model was copied', () => {
    class Forgetful extends tf.layers.Layer {
      static readonly className = 'TestForgetful';
      constructor(private readonly args: { factor: { value: number }; name?: string }) {
        super(args as never);
        if (args.factor.value < 0) throw new Error('factor is negative');
      }
      override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
        return tf.mul([inputs].flat()[0] as tf.Tensor, this.args.factor.value);
      }
    }
    const model = tf.sequential({
      layers: [
        builtIn({ units: 4, returnSequences: true, stateful: true, batchInputShape: [2, 5, 3] }),
        lstm({ units: 4, returnSequences: true, stateful: true }),
        new Forgetful({ factor: { value: 2 }, name: 'forgetful' }),
      ],
    });
    model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
    expect(refusal(() => convert(model))).toMatch(
      new RegExp(
        `^${name}: every layer must be one that its getConfig\\(\\) can re-create, got 'TestForgetful: Cannot read .*' \\(layer 'forgetful'\\)$`,
      ),
    );
  });

  test('refuses a layer whose config re-creates other weights', () => {
    class Wide extends tf.layers.Layer {
      static readonly className = 'TestWide';
      constructor(private readonly args: { width?: number; name?: string }) {
        super(args as never);
      }
      override build(): void {
        this.addWeight('w', [this.args.width ?? 1], 'float32', tf.initializers.ones());
        this.built = true;
      }
      override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
        return tf.mul([inputs].flat()[0] as tf.Tensor, (this.weights[0] as tf.LayerVariable).read());
      }
    }
    const model = functional(new Wide({ width: 3, name: 'wide' }));
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    expect(refusal(() => convert(model))).toBe(
      `${name}: a layer re-created from its getConfig() must have weights of the same shapes, [[3]], got [[1]] (layer 'wide')`,
    );
  });

  test('refuses a layer whose getConfig throws', () => {
    class Secret extends tf.layers.Layer {
      static readonly className = 'TestSecret';
      override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
        return [inputs].flat()[0] as tf.Tensor;
      }
      override getConfig(): never {
        throw new Error('not for you\nor anyone');
      }
    }
    const model = functional(new Secret({ name: 'secret' }));
    expect(refusal(() => convert(model))).toBe(
      `${name}: every layer must be one that its getConfig() can re-create, got 'TestSecret: not for you' (layer 'secret')`,
    );
  });
});

describe('toBuiltIn refuses what the built-in LSTM cannot do', () => {
  const absent = (argument: string, shown: string) =>
    `toBuiltIn: ${argument} must not be set, because the built-in LSTM does not have it, got ${shown} (layer 'l')`;

  test.each([
    [{ returnGates: true }, absent('returnGates', 'true')],
    [{ zeroOutputForMask: true }, absent('zeroOutputForMask', 'true')],
    [
      { activityRegularizer: tf.regularizers.l2({ l2: 0.5 }) },
      absent('activityRegularizer', "an object of class Object with keys ['className', 'config']"),
    ],
  ])('%o', (args, message) => {
    const model = functional(lstm({ units: 2, name: 'l', ...args }));
    expect(refusal(() => toBuiltIn(model))).toBe(message);
  });

  test('also within a wrapper', () => {
    const layer = lstm({ units: 2, name: 'l', zeroOutputForMask: true, returnSequences: true });
    const model = functional(tf.layers.bidirectional({ layer } as never));
    expect(refusal(() => toBuiltIn(model))).toBe(absent('zeroOutputForMask', 'true'));
  });

  test('a class derived from LSTMCell', () => {
    class Coupled extends LSTMCell {
      static override readonly className: string = 'TestCoupled';
    }
    const model = functional(tf.layers.rnn({ cell: new Coupled({ units: 2, name: 'c' }) }));
    expect(refusal(() => toBuiltIn(model))).toBe(
      "toBuiltIn: the layer's class must be ExplicitLSTMCell, because the built-in LSTM can only run the standard step, got 'TestCoupled' (layer 'c')",
    );
  });

  test('a class derived from LSTM', () => {
    class Peephole extends LSTM {
      static override readonly className: string = 'TestPeephole';
    }
    const model = functional(new Peephole({ units: 2, name: 'l' }));
    expect(refusal(() => toBuiltIn(model))).toBe(
      "toBuiltIn: the layer's class must be ExplicitLSTM, because the built-in LSTM can only run the standard step, got 'TestPeephole' (layer 'l')",
    );
  });
});

test('toBuiltIn drops seed and useFused, which do not bear on results', () => {
  const layers = [lstm({ units: 2, seed: 7, useFused: false, inputShape: [5, 3] })];
  const model = tf.sequential({ layers });
  randomizeWeights(model);
  const copy = toBuiltIn(model, { onNote: () => {} });
  const config = copy.getLayer(0).getConfig();
  expect([config.seed, config.useFused]).toEqual([undefined, undefined]);
  expect(predict(copy, randomInputs(model, 1))[0]).toHaveLength(6);
});

test("a user's own class that is registered as LSTM is not taken for the built-in one", () => {
  const builtInClass = builtIn({ units: 1 }).constructor as never;
  class Other extends tf.layers.RNN {
    static override readonly className = 'LSTM';
    constructor(args: tf.LSTMLayerArgs) {
      super({ ...args, cell: tf.layers.gruCell(args as never) } as tf.RNNLayerArgs);
    }
    static override fromConfig<T extends tf.serialization.Serializable>(
      cls: tf.serialization.SerializableConstructor<T>,
      config: tf.serialization.ConfigDict,
    ): T {
      return new cls(config);
    }
  }
  tf.serialization.registerClass(Other as never);
  try {
    const x = tf.input({ shape: [5, 3] });
    const h = new Other({ name: 'alone', units: 3, returnSequences: true } as never).apply(x);
    const both = tf.layers.bidirectional({ layer: new Other({ units: 2 } as never), name: 'both' } as never);
    const copy = toExplicit(tf.model({ inputs: x, outputs: both.apply(h) as Symbolic }));
    const { forwardLayer } = copy.getLayer('both') as unknown as { forwardLayer: tf.layers.Layer };
    expect([copy.getLayer('alone').constructor, forwardLayer.constructor]).toEqual([Other, Other]);
  } finally {
    tf.serialization.registerClass(builtInClass);
  }
});

test.each([
  ['toExplicit', builtIn, tf.layers.lstmCell, toExplicit],
  ['toBuiltIn', lstm, lstmCell, toBuiltIn],
] as const)('%s keeps an injected dropout function', async (_name, make, makeCell, convert) => {
  const dropoutFunc = jest.fn((ones: tf.Tensor) => tf.clone(ones));
  const args = { units: 2, dropout: 0.5, dropoutFunc: dropoutFunc as never };
  const x = tf.input({ shape: [5, 3] });
  const h = make({ ...args, returnSequences: true }).apply(x);
  const layer = tf.layers.rnn({ cell: makeCell(args) as tf.layers.RNNCell });
  const model = convert(tf.model({ inputs: x, outputs: layer.apply(h) as Symbolic }));
  const call = (index: number, shape: number[]) => model.getLayer(index).call(tf.ones(shape), { training: true });
  call(1, [1, 5, 3]);
  expect(dropoutFunc).toHaveBeenCalledTimes(4);
  call(2, [1, 5, 2]);
  expect(dropoutFunc).toHaveBeenCalledTimes(8);
});
