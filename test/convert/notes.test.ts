import * as tf from '@tensorflow/tfjs';
import { toBuiltIn, toExplicit } from '../../src/convert/index';
import { lstm, lstmCell } from '../../src/index';
import { ARGUMENTS, type Argument } from '../../src/layers/arguments';
import { useBackend } from '../../tools/backends';
import { warningsOf } from '../support/warnings';
import { builtIn, countLSTMs, predict, randomizeWeights } from './support/models';

beforeAll(() => useBackend('cpu'));

/** A user's layer that makes its LSTM in its code. */
class Summary extends tf.layers.Layer {
  static readonly className = 'TestSummary';
  private readonly memory: tf.layers.RNN;

  constructor(private readonly args: { explicit: boolean; name?: string }) {
    super(args);
    const memory = { units: 2, name: 'memory' };
    this.memory = args.explicit ? lstm(memory) : builtIn(memory);
  }

  override build(shape: tf.Shape): void {
    this.memory.build(shape);
    super.build(shape);
  }

  override computeOutputShape(shape: tf.Shape): tf.Shape {
    return this.memory.computeOutputShape(shape) as tf.Shape;
  }

  override get trainableWeights(): tf.LayerVariable[] {
    return this.memory.trainableWeights;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return this.memory.call(inputs, {}) as tf.Tensor;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), explicit: this.args.explicit };
  }
}
tf.serialization.registerClass(Summary as never);

const x = () => tf.randomNormal([2, 4, 3], 0, 1, 'float32', 1);

function modelWith(layer: tf.layers.Layer): tf.LayersModel {
  const input = tf.input({ shape: [4, 3] });
  const inner = tf.sequential({
    name: 'encoder',
    layers: [tf.layers.activation({ activation: 'tanh', inputShape: [4, 3] })],
  });
  inner.add(layer);
  const outputs = inner.apply(input) as tf.SymbolicTensor;
  const model = tf.model({ inputs: input, outputs });
  randomizeWeights(model);
  return model;
}

test.each([
  ['toExplicit', toExplicit, false, 'a built-in LSTM'],
  ['toBuiltIn', toBuiltIn, true, "this package's LSTM"],
] as const)('%s tells of an LSTM that a layer of the user makes by itself', async (name, convert, explicit, kind) => {
  const model = modelWith(new Summary({ explicit, name: 'summary' }));
  const notes: string[] = [];
  const copy = convert(model, { onNote: (note) => notes.push(note) });
  const told = `${name}: 'encoder/summary/memory' stays ${kind}: a custom layer creates it, and the getConfig() of that layer does not mention it.`;
  expect(notes).toEqual([told]);
  expect(countLSTMs(copy)).toEqual(countLSTMs(model));
  expect(predict(copy, [x()])).toEqual(predict(model, [x()]));
  expect(await warningsOf(() => convert(model))).toEqual([told]);
});

test('Nothing is told of a model that is converted as a whole', async () => {
  const layer = tf.layers.bidirectional({ layer: builtIn({ units: 2, dropout: 0.5 }) as never, mergeMode: 'sum' });
  expect(await warningsOf(() => toBuiltIn(toExplicit(modelWith(layer))))).toEqual([]);
});

const VALUES: Record<string, unknown> = {
  seed: 7,
  returnGates: true,
  zeroOutputForMask: true,
  activityRegularizer: 'l1l2',
  useFused: false,
  zoneout: 0.1,
  zoneoutCell: 0.2,
  candidateDropout: 0.3,
};
test('Each of the arguments that the built-in lacks is among those tried here', () => {
  const lacking = (Object.entries(ARGUMENTS) as [string, Argument][]).filter(([, { inBuiltIn }]) =>
    ['refused', 'dropped'].includes(inBuiltIn),
  );
  expect(lacking.map(([name]) => name).sort()).toEqual(Object.keys(VALUES).sort());
});

describe('An argument that the built-in does not save', () => {
  test.each(Object.entries(VALUES))('%s is refused by toBuiltIn, or dropped with a note', (name, value) => {
    const { inBuiltIn } = ARGUMENTS[name as keyof typeof ARGUMENTS];
    const at = tf.input({ shape: [4, 3] });
    const layer = lstm({ units: 2, name: 'memory', [name]: value });
    const model = tf.model({ inputs: at, outputs: [layer.apply(at)].flat()[0] as tf.SymbolicTensor });
    const notes: string[] = [];
    const convert = () => toBuiltIn(model, { onNote: (note) => notes.push(note) });
    if (inBuiltIn === 'refused') {
      expect(convert).toThrow(`toBuiltIn: ${name} must not be set, because the built-in LSTM does not have it, got`);
    } else {
      expect(convert().layers[1]?.getConfig()[name]).toBeUndefined();
      expect(notes).toEqual([`toBuiltIn: ${name} of 'memory' is dropped, because the built-in LSTM does not have it.`]);
    }
  });

  test('is told of a cell too', () => {
    const notes: string[] = [];
    const layer = tf.layers.rnn({ cell: [lstmCell({ units: 2, seed: 3, name: 'first' }), lstmCell({ units: 2 })] });
    toBuiltIn(modelWith(layer), { onNote: (note) => notes.push(note) });
    expect(notes).toEqual(["toBuiltIn: seed of 'first' is dropped, because the built-in LSTM does not have it."]);
  });
});

test.each([
  ['toExplicit', toExplicit],
  ['toBuiltIn', toBuiltIn],
])('%s refuses options that it does not have', (name, convert) => {
  const model = modelWith(tf.layers.flatten());
  expect(() => convert(model, { on_note: () => {} } as never)).toThrow(
    `${name}: the option must be spelt 'onNote', got 'on_note'`,
  );
  expect(() => convert(model, { onNote: 'warn' } as never)).toThrow(`${name}: onNote must be a function, got 'warn'`);
  expect(() => convert(model, 'warn' as never)).toThrow(`${name}: options must be an object, got 'warn'`);
});
