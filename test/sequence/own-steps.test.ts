import * as tf from '@tensorflow/tfjs';
import { lstm, lstmCell } from '../../src/index.js';
import { editGates, traceLayer } from '../../src/inspect/index.js';
import { LSTMCell } from '../../src/layers/lstm-cell.js';
import { observe, type SequenceObserver } from '../../src/sequence/observe.js';
import { useBackend } from '../../tools/backends.js';
import { expectClose } from '../support/close.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [2, 5, 3, 4];

beforeAll(() => useBackend('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

/** Forgets half of what another cell would keep. */
class OwnStepCell extends LSTMCell {
  static override readonly className = 'OwnStepCell';
  override step(x: tf.Tensor2D, [h, c]: readonly [tf.Tensor2D, tf.Tensor2D]) {
    return super.step(x, [h, tf.mul(c, 0.5)]);
  }
}

/** Reads twice the input. */
class OwnInputCell extends LSTMCell {
  static override readonly className = 'OwnInputCell';
  override projectInput(...[x, dropoutMasks]: Parameters<LSTMCell['projectInput']>) {
    return super.projectInput(tf.mul(x, 2), dropoutMasks);
  }
}

const KINDS = [
  ['step', OwnStepCell],
  ['projectInput', OwnInputCell],
] as const;

const x = () => randomTensor<tf.Rank.R3>([BATCH, TIMESTEPS, FEATURES], 1);

function built(cell: LSTMCell): LSTMCell {
  cell.build([null, FEATURES]);
  randomizeWeights(cell, 5);
  return cell;
}

/** An LSTM layer over a cell of another class. */
function layerOver(cell: LSTMCell) {
  const layer = lstm({ units: UNITS, returnSequences: true });
  Object.assign(layer, { cell });
  layer.apply(tf.input({ shape: [null, FEATURES] }));
  return layer;
}

/** h of every step by the cell's own `step`, or by its protocol, one step after the other. */
function stepByStep(cell: LSTMCell): tf.Tensor {
  let states: [tf.Tensor2D, tf.Tensor2D] = [tf.zeros([BATCH, UNITS]), tf.zeros([BATCH, UNITS])];
  const outputs = tf.unstack(x(), 1).map((step) => {
    const { h, c } = cell.step(step as tf.Tensor2D, states);
    states = [h, c];
    return h;
  });
  return tf.stack(outputs, 1);
}

describe.each(KINDS)('A cell with a %s of its own', (_name, Cell) => {
  test('runs by it in a layer, in tf.layers.rnn, in stacked cells, in traces and while edited', () => {
    const cell = built(new Cell({ units: UNITS }));
    const expected = stepByStep(cell);
    const other = built(lstmCell({ units: UNITS }));
    expect(() => expectClose(stepByStep(other), expected)).toThrow('apart');
    const layer = layerOver(cell);
    expectClose(layer.apply(x()) as tf.Tensor, expected);
    expect(layer.lastImplementation?.reason).toBe(`the cell of class ${Cell.className} computes its steps itself`);
    const rnn = tf.layers.rnn({ cell, returnSequences: true });
    expectClose(rnn.apply(x()) as tf.Tensor, expected);
    expectClose(tf.layers.rnn({ cell: [cell], returnSequences: true }).apply(x()) as tf.Tensor, expected);
    for (const traced of [layer, rnn]) expectClose(traceLayer(traced, x()).h, expected);
    const edited = editGates(
      rnn,
      () => undefined,
      () => rnn.apply(x()) as tf.Tensor,
    );
    expectClose(edited, expected);
  });

  test('refuses a fused kernel that is demanded', () => {
    const layer = lstm({ units: UNITS, useFused: true });
    Object.assign(layer, { cell: built(new Cell({ units: UNITS })) });
    expect(() => layer.apply(x())).toThrow(
      `where no fused kernel applies (the cell of class ${Cell.className} computes its steps itself)`,
    );
  });

  test('drops its input out in training', () => {
    const dropoutFunc = (ones: tf.Tensor) => tf.mul(ones, 3);
    const cell = built(new Cell({ units: UNITS, dropout: 0.5, dropoutFunc }));
    const plain = built(new Cell({ units: UNITS }));
    const output = layerOver(cell).apply(x(), { training: true }) as tf.Tensor;
    expectClose(output, layerOver(plain).apply(tf.mul(x(), 3)) as tf.Tensor);
  });
});

describe('An observer of a cell', () => {
  test('is shown each sequence, with gates that the layer does not return, on the fused kernel too', () => {
    const layer = lstm({ units: UNITS });
    const output = layer.apply(x()) as tf.Tensor;
    const seen: tf.Tensor[] = [];
    const observer: SequenceObserver = {
      keepsGates: true,
      afterSequence: ({ x }, { gates, outputs }) => {
        for (const tensor of [x, gates?.f, outputs]) seen.push(tf.keep(tf.clone(tensor as tf.Tensor)));
      },
    };
    const end = observe(layer.cell, observer);
    expectClose(layer.apply(x()) as tf.Tensor, output, 0);
    expect(layer.lastImplementation?.name).toMatch(/^wasm-/);
    end();
    layer.apply(x());
    const { f, h } = layer.trace(x());
    expect(seen).toHaveLength(3);
    expectClose(seen[0] as tf.Tensor, x(), 0);
    expectClose(seen[1] as tf.Tensor, f, 0);
    expectClose(seen[2] as tf.Tensor, h, 0);
    tf.dispose(seen);
  });

  test('that edits comes before the next one, and ends in any order', () => {
    const layer = lstm({ units: UNITS });
    layer.apply(x());
    const factor = (n: number): SequenceObserver => ({
      editStep: (computed) => ({ ...computed, h: tf.add(tf.mul(computed.h as tf.Tensor2D, 0), n) }),
    });
    const ends = [observe(layer.cell, factor(1)), observe(layer.cell, factor(2))];
    const first = () => (layer.apply(x()) as tf.Tensor).dataSync()[0];
    expect(first()).toBe(2);
    ends[1]?.();
    expect(first()).toBe(1);
    ends[0]?.();
    expect([1, 2]).not.toContain(first());
  });
});
