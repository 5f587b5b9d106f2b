import * as tf from '@tensorflow/tfjs';
import { toBuiltIn } from '../../src/convert/index.js';
import { KERAS_DEFAULTS, lstm, lstmCell } from '../../src/index.js';
import { editGates, gradientFlow, traceLayer } from '../../src/inspect/index.js';
import type { LSTMCellArgs } from '../../src/layers/arguments.js';
import { LSTMCell } from '../../src/layers/lstm-cell.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectAllClose, expectClose } from '../support/close.js';
import { randomizeWeights, randomTensor } from '../support/random.js';

const [BATCH, TIMESTEPS, FEATURES, UNITS] = [2, 4, 3, 5];
const RATES = { zoneout: 0.3, zoneoutCell: 0.45 };

const x = () => randomTensor<tf.Rank.R3>([BATCH, TIMESTEPS, FEATURES], 1);
const states = () => [2, 3].map((seed) => randomTensor<tf.Rank.R2>([BATCH, UNITS], seed));

function builtCell(args: Partial<LSTMCellArgs> = {}): LSTMCell {
  const cell = lstmCell({ units: UNITS, recurrentActivation: 'sigmoid', ...args });
  cell.build([null, FEATURES]);
  randomizeWeights(cell, 5);
  return cell;
}

/** Draws that are written down. */
function knownDropout() {
  const drawn: { rate: number; mask: tf.Tensor }[] = [];
  const dropoutFunc = (ones: tf.Tensor, rate: number) => {
    const [, width] = ones.shape as [number, number];
    const isDropped = (at: number) => (at + drawn.length * 3 + Math.floor(at / width)) % 4 < 2;
    const values = Array.from({ length: ones.size }, (_, at) => (isDropped(at) ? 0 : 1 / (1 - rate)));
    const mask = tf.tensor(values, ones.shape);
    drawn.push({ rate, mask: tf.keep(tf.clone(mask)) });
    return mask;
  };
  return { drawn, dropoutFunc };
}

/** h of every step, and the last states, by the plain cell's steps with the masks put in by hand. */
function byHand(masksOf: (t: number) => { g?: tf.Tensor; h?: tf.Tensor; c?: tf.Tensor }, mask?: tf.Tensor) {
  const plain = builtCell();
  let [h, c] = states() as [tf.Tensor2D, tf.Tensor2D];
  const outputs = tf.unstack(x(), 1).map((step, t) => {
    const { i, f, g, o } = plain.step(step as tf.Tensor2D, [h, c]);
    const masks = masksOf(t);
    const dropped = masks.g === undefined ? g : tf.mul(g, masks.g);
    const newC = tf.add(tf.mul(f, c), tf.mul(i, dropped)) as tf.Tensor2D;
    const newH = tf.mul(o, tf.tanh(newC)) as tf.Tensor2D;
    const select = (kept: tf.Tensor | undefined, after: tf.Tensor2D, before: tf.Tensor2D) =>
      kept === undefined ? after : tf.where(tf.notEqual(kept, 0), after, before);
    const valid = mask === undefined ? null : tf.cast(tf.tile(tf.slice(mask, [0, t], [-1, 1]), [1, UNITS]), 'bool');
    const [zonedH, zonedC] = [select(masks.h, newH, h), select(masks.c, newC, c)];
    h = valid === null ? zonedH : tf.where(valid, zonedH, h);
    c = valid === null ? zonedC : tf.where(valid, zonedC, c);
    return h;
  });
  return [tf.stack(outputs, 1), h, c];
}

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

describe.each(NODE_BACKENDS)('On %s, in training', (backend) => {
  beforeAll(() => useBackend(backend));

  test.each(['lstm', 'tf.layers.rnn'])('a layer of %s draws anew at each step what is kept and dropped', (kind) => {
    const { drawn, dropoutFunc } = knownDropout();
    const cell = builtCell({ ...RATES, candidateDropout: 0.2, dropoutFunc: dropoutFunc as never });
    const args = { cell, returnSequences: true, returnState: true };
    const layer = kind === 'lstm' ? lstm(args) : tf.layers.rnn(args);
    const mask = tf.tensor2d([1, 0, 1, 1, 1, 1, 1, 0], [BATCH, TIMESTEPS]);
    const given = { initialState: states(), mask: tf.cast(mask, 'bool'), training: true };
    const outputs = layer.apply(x(), given as never) as tf.Tensor[];
    expect(drawn.map(({ rate }) => rate)).toEqual(Array.from({ length: TIMESTEPS }, () => [0.2, 0.3, 0.45]).flat());
    const masksOf = (t: number) => {
      const [g, h, c] = drawn.slice(3 * t).map((one) => one.mask);
      return { g: g as tf.Tensor, h: h as tf.Tensor, c: c as tf.Tensor };
    };
    expectAllClose(outputs, byHand(masksOf, mask));
    expect(() =>
      expectAllClose(
        outputs,
        byHand(() => ({}), mask),
      ),
    ).toThrow('apart');
    tf.dispose(drawn.map((one) => one.mask));
  });
});

describe('In training', () => {
  beforeAll(() => useBackend('cpu'));

  test('gradients are those of differences, and none goes through what a step did not change', () => {
    const lossAt = (input: tf.Tensor) =>
      tf.tidy(() => {
        const cell = builtCell({ ...RATES, candidateDropout: 0.2, seed: 11 });
        const layer = lstm({ cell, returnSequences: true });
        return tf.sum(tf.square(layer.apply(input, { training: true, initialState: states() }) as tf.Tensor));
      }) as tf.Scalar;
    const gradient = tf.grad(lossAt)(x());
    const step = 1e-2;
    const values = [...x().dataSync()];
    const differences = values.map((_, at) => {
      const moved = (by: number) =>
        lossAt(
          tf.tensor(
            values.map((value, n) => (n === at ? value + by : value)),
            x().shape,
          ),
        ).dataSync()[0] as number;
      return (moved(step) - moved(-step)) / (2 * step);
    });
    expectClose(gradient, differences, 2e-3);
    expect(Math.max(...differences.map(Math.abs))).toBeGreaterThan(0.1);

    const nothingChanges = () => tf.zeros([BATCH, UNITS]);
    const still = lstm({ cell: builtCell({ ...RATES, dropoutFunc: nothingChanges as never }) });
    const outputOf = (input: tf.Tensor) =>
      tf.sum(still.apply(input, { training: true, initialState: states() }) as tf.Tensor);
    expectClose(tf.grad(outputOf)(x()), tf.zerosLike(x()), 0);
  });

  test('the same seed draws the same, and each call and step draws another', () => {
    const run = (layer: tf.layers.Layer) => layer.apply(x(), { training: true, initialState: states() }) as tf.Tensor;
    const make = (seed: number) =>
      lstm({ cell: builtCell({ zoneout: 0.5, zoneoutCell: 0.5, candidateDropout: 0.5, seed }) });
    const [layer, same, other] = [make(3), make(3), make(4)];
    const first = run(layer);
    expectClose(run(same), first, 0);
    expect(() => expectClose(run(other), first, 1e-3)).toThrow('apart');
    expect(() => expectClose(run(layer), first, 1e-3)).toThrow('apart');
  });

  test('nothing is left of what is drawn', () => {
    const layer = lstm({ cell: builtCell({ ...RATES, candidateDropout: 0.2, seed: 3 }) });
    const rnn = tf.layers.rnn({ cell: builtCell({ ...RATES, candidateDropout: 0.2 }) });
    const input = x();
    for (const one of [layer, rnn]) {
      (one.apply(input, { training: true }) as tf.Tensor).dispose();
      const before = tf.memory().numTensors;
      for (let n = 0; n < 2; n++) (one.apply(input, { training: true }) as tf.Tensor).dispose();
      expect(tf.memory().numTensors).toBe(before);
    }
  });
});

describe('In inference', () => {
  beforeAll(() => useBackend('cpu'));

  test('h and c are the means of both, in a step, a layer and a trace; the candidate is not dropped', () => {
    const cell = builtCell({ ...RATES, candidateDropout: 0.2 });
    const plain = builtCell();
    const stepInput = tf.squeeze(tf.slice(x(), [0, 0, 0], [-1, 1, -1]), [1]) as tf.Tensor2D;
    const [h, c] = states() as [tf.Tensor2D, tf.Tensor2D];
    const computed = plain.step(stepInput, [h, c]);
    const mean = (rate: number, before: tf.Tensor, after: tf.Tensor) =>
      tf.add(tf.mul(before, rate), tf.mul(after, 1 - rate));
    const step = cell.step(stepInput, [h, c]);
    expectClose(step.h, mean(0.3, h, computed.h));
    expectClose(step.c, mean(0.45, c, computed.c));
    expectClose(step.g, computed.g);
    const oneStep = tf.expandDims(stepInput, 1) as tf.Tensor3D;
    const layer = lstm({ cell });
    expectClose(layer.apply(oneStep, { initialState: [h, c] }) as tf.Tensor, step.h);
    const trace = traceLayer(layer, oneStep, { initialState: [h, c] });
    expectClose(tf.squeeze(trace.c, [1]), step.c);
  });

  test('gradient flow and its Jacobians are those of what the layer computes', () => {
    const layer = lstm({ cell: builtCell(RATES), returnSequences: true });
    const loss = (outputs: tf.Tensor) => tf.sum(tf.square(outputs)) as tf.Scalar;
    const flow = gradientFlow(layer, x(), loss, { initialState: states() });
    const [dx, dh0, dc0] = tf.grads((input: tf.Tensor, h: tf.Tensor, c: tf.Tensor) =>
      loss(layer.apply(input, { initialState: [h, c] }) as tf.Tensor),
    )([x(), ...states()]) as [tf.Tensor, tf.Tensor, tf.Tensor];
    expectAllClose([flow.dx, flow.dh0, flow.dc0], [dx, dh0, dc0]);
    const jacobian = flow.stepJacobian(0);
    const carried = tf.concat(
      [tf.slice(flow.dh, [0, 0, 0], [-1, 1, -1]), tf.slice(flow.dcCell, [0, 0, 0], [-1, 1, -1])],
      2,
    ) as tf.Tensor3D;
    expectClose(tf.squeeze(tf.matMul(carried, jacobian), [1]), tf.concat([dh0, dc0], 1));
  });

  test('an edited gate says nothing of what follows', () => {
    const layer = lstm({ cell: builtCell(RATES) });
    layer.apply(x());
    const edit = () =>
      editGates(
        layer,
        ({ f }) => ({ f: tf.mul(f, 0) }),
        () => layer.apply(x()),
      );
    expect(edit).toThrow('or h alone: zoneout is applied, so what follows from a gate is not known');
  });
});

describe('The arguments', () => {
  beforeAll(() => useBackend('cpu'));

  test.each(['zoneout', 'zoneoutCell', 'candidateDropout'])('%s is a rate, and is saved where it is set', (name) => {
    expect(() => lstm({ units: 2, [name]: 1 })).toThrow(`LSTM: ${name} must be a number in [0, 1), got 1`);
    const layer = lstm({ ...KERAS_DEFAULTS, units: 2, name: 'memory', [name]: 0.25 });
    expect(layer.getConfig()[name]).toBe(0.25);
    expect(layer.cell[name as 'zoneout']).toBe(0.25);
    expect(lstmCell({ units: 2 }).getConfig()).not.toHaveProperty(name);
    const model = tf.sequential({ layers: [lstm({ units: 2, inputShape: [3, 2], [name]: 0.25 })] });
    expect(() => toBuiltIn(model)).toThrow(`${name} must not be set, because the built-in LSTM does not have it`);
  });

  test('keep fused kernels away while they do something, and only then', () => {
    const reasonOf = (args: object, training: boolean) => {
      const layer = lstm({ units: UNITS, ...args });
      layer.apply(x(), { training });
      return layer.lastImplementation?.reason;
    };
    expect(reasonOf({ zoneout: 0.1 }, false)).toBe('zoneout is applied');
    expect(reasonOf({ zoneoutCell: 0.1 }, true)).toBe('zoneout is applied');
    expect(reasonOf({ candidateDropout: 0.1 }, true)).toBe('the candidate is dropped out, step by step');
    expect(reasonOf({ candidateDropout: 0.1 }, false)).toBeUndefined();
    expect(() => lstm({ units: UNITS, zoneout: 0.1, useFused: true }).apply(x())).toThrow('(zoneout is applied)');
  });

  test('are refused by a cell that has no such state or gate, or hides it', () => {
    class NoCellState extends LSTMCell {
      static override readonly className = 'NoCellState';
      override get stateNames() {
        return ['h'];
      }
      override get gateNames() {
        return ['i', 'o'];
      }
    }
    class WholeStep extends LSTMCell {
      static override readonly className = 'WholeStep';
      override step(input: tf.Tensor2D, [h, c]: readonly [tf.Tensor2D, tf.Tensor2D]) {
        return super.step(input, [h, tf.mul(c, 0.5)]);
      }
    }
    class Forgetful extends LSTMCell {
      static override readonly className = 'Forgetful';
      override stepFromProjectedInput(...args: Parameters<LSTMCell['stepFromProjectedInput']>) {
        return super.stepFromProjectedInput(args[0], args[1], args[2]);
      }
    }
    const units = UNITS;
    expect(() => new NoCellState({ units, zoneoutCell: 0.1 })).toThrow('for a cell without the state c, got 0.1');
    expect(() => new NoCellState({ units, candidateDropout: 0.1 })).toThrow('for a cell without the gate g, got 0.1');
    expect(() => new WholeStep({ units, candidateDropout: 0.1 })).toThrow('for a cell that overrides step');
    const forgetful = lstm({ cell: new Forgetful({ units, candidateDropout: 0.1 }) });
    expect(() => forgetful.apply(x(), { training: true })).toThrow('does not call its dropCandidate');
  });

  test('zone a step of somebody’s own out once, though it calls the step that it overrides', () => {
    class HalfKept extends LSTMCell {
      static override readonly className = 'HalfKept';
      override step(input: tf.Tensor2D, [h, c]: readonly [tf.Tensor2D, tf.Tensor2D]) {
        return super.step(input, [h, tf.mul(c, 0.5)]);
      }
    }
    const [h, c] = states() as [tf.Tensor2D, tf.Tensor2D];
    const cells = [new HalfKept({ units: UNITS, ...RATES }), new HalfKept({ units: UNITS })] as const;
    const input = tf.slice(x(), [0, 0, 0], [-1, 1, -1]);
    const [zoned, plain] = cells.map((cell) => {
      cell.build([null, FEATURES]);
      randomizeWeights(cell, 5);
      const layer = lstm({ cell, returnState: true });
      return layer.apply(input, { initialState: [h, c] }) as tf.Tensor[];
    }) as [tf.Tensor[], tf.Tensor[]];
    expectClose(zoned[1] as tf.Tensor, tf.add(tf.mul(h, 0.3), tf.mul(plain[1] as tf.Tensor, 0.7)));
    expectClose(zoned[2] as tf.Tensor, tf.add(tf.mul(c, 0.45), tf.mul(plain[2] as tf.Tensor, 0.55)));
  });
});
