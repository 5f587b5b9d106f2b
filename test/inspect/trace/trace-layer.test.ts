import * as tf from '@tensorflow/tfjs';
import make from 'covertable';
import type { LSTM, LSTMArgs } from '../../../src/index.js';
import { type GateTrace, traceLayer } from '../../../src/inspect/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import {
  alikeLayers,
  applyTo,
  type LayerCall,
  layerOfKind,
  randomCall,
  randomStates,
} from '../../support/alike-layers.js';
import { expectAllClose, expectClose } from '../../support/close.js';
import { BUILT_IN, EXPLICIT } from '../../support/factories.js';
import { LAYER_KIND_NAMES } from '../../support/layer-kinds.js';
import { MASK_KINDS, MASK_TIMESTEPS, type MaskKind } from '../../support/masks.js';

const GATES = ['i', 'f', 'g', 'o'] as const;
const STEPS = [...GATES, 'c', 'h'] as const;

interface Case {
  args: Partial<LSTMArgs>;
  mask: MaskKind;
  withStates: boolean;
}

const FACTORS = {
  recurrentActivation: ['hardSigmoid', 'sigmoid'],
  activation: ['tanh', 'softsign'],
  mask: MASK_KINDS,
  goBackwards: [false, true],
  withStates: [false, true],
  stateful: [false, true],
  returnSequences: [false, true],
  returnState: [false, true],
  useBias: [true, false],
  dropout: [0, 0.5],
  recurrentDropout: [0, 0.5],
} as const;

/** Every combination of that many values, by a few cases that each have many of them. */
function casesOf(length: number) {
  return make(FACTORS as unknown as Record<string, unknown[]>, { length }).map(({ mask, withStates, ...args }) => {
    const one = { args, mask, withStates } as Case;
    const set = Object.entries({ ...args, mask, withStates }).map(([name, value]) => `${name} ${value}`);
    return [set.join(', '), one] as const;
  });
}

/** An object of a user's own class, of which tfjs knows nothing. */
function unregistered<Value extends object>(instance: Value): Value {
  class Unregistered extends (instance.constructor as new () => object) {
    static className = 'Unregistered';
  }
  return new Unregistered() as Value;
}

function expectSameTrace(received: GateTrace, expected: GateTrace): void {
  for (const name of [...STEPS, 'h0', 'c0'] as const) expectClose(received[name], expected[name]);
  const [receivedMasks, expectedMasks] = [received, expected].map(({ mask }) => (mask === null ? [] : [mask]));
  expectAllClose(receivedMasks as tf.Tensor[], expectedMasks as tf.Tensor[], 0);
  const { units, activation, recurrentActivation } = expected;
  expect(received).toMatchObject({ units, activation, recurrentActivation });
}

/** [B, T, U] at one timestep: [B, U]. */
function at(steps: tf.Tensor3D, t: number): tf.Tensor2D {
  return tf.squeeze(tf.slice(steps, [0, t, 0], [-1, 1, -1]), [1]);
}

/** What a layer outputs, put together from a trace. */
function outputsFrom({ h, c }: GateTrace, { goBackwards, returnSequences, returnState }: Partial<LSTMArgs>) {
  const last = goBackwards ? 0 : MASK_TIMESTEPS - 1;
  const sequence = goBackwards ? tf.reverse(h, 1) : h;
  const states = [at(h, last), at(c, last)];
  return [returnSequences ? sequence : at(h, last), ...(returnState ? states : [])];
}

/** Asserts of each masked step that gates are 0, and that c and h are those of the step processed before it. */
function expectCarriedOver(trace: GateTrace, goBackwards: boolean): void {
  const [open, zeros] = [tf.expandDims(trace.mask as tf.Tensor2D, 2), tf.zerosLike(trace.h)];
  for (const gate of GATES) expectClose(tf.where(open, zeros, trace[gate]), zeros, 0);
  const before = (steps: tf.Tensor3D, first: tf.Tensor2D) => {
    const ordered = goBackwards ? tf.reverse(steps, 1) : steps;
    const shifted = tf.concat([tf.expandDims(first, 1), tf.slice(ordered, [0, 0, 0], [-1, MASK_TIMESTEPS - 1, -1])], 1);
    return goBackwards ? tf.reverse(shifted, 1) : shifted;
  };
  const { c, h, c0, h0 } = trace;
  expectClose(tf.where(open, zeros, c), tf.where(open, zeros, before(c, c0)), 0);
  expectClose(tf.where(open, zeros, h), tf.where(open, zeros, before(h, h0)), 0);
}

function withNaNAtMaskedSteps({ x, mask }: LayerCall): tf.Tensor3D {
  return tf.where(tf.expandDims(mask as tf.Tensor2D, 2), x, tf.fill(x.shape, Number.NaN));
}

const optionsOf = ({ initialState, mask }: ReturnType<typeof randomCall>) => ({ initialState, mask });

describe.each(NODE_BACKENDS)('on %s, traceLayer', (backend) => {
  beforeAll(() => useBackend(backend));

  // What three values have to do with each other is not for a backend to say.
  test.each(casesOf(backend === 'cpu' ? 3 : 2))(
    'shows the same of every kind of layer, and what it outputs: %s',
    (_, { args, mask, withStates }) => {
      tf.tidy(() => {
        const call = randomCall({ mask, withStates });
        const reference = (layerOfKind('the explicit layer', { ...args, stateful: false }) as LSTM).trace(call.x, {
          mask: call.mask,
          initialState: call.initialState ?? (args.stateful ? randomStates(20) : null),
        });
        for (const [, layer] of alikeLayers(args)) {
          if (args.stateful) layer.resetStates(randomStates(20));
          const trace = traceLayer(layer, call.x, optionsOf(call));
          expectSameTrace(trace, reference);
          expectAllClose(applyTo(layer, call), outputsFrom(trace, args));
        }
      });
    },
  );

  const masked = MASK_KINDS.filter((kind) => kind !== 'none').flatMap((mask) =>
    [false, true].map((goBackwards) => [`${mask}, goBackwards ${goBackwards}`, mask, goBackwards] as const),
  );

  test.each(masked)('carries c and h over masked steps, with gates of 0: %s', (_, mask, goBackwards) => {
    tf.tidy(() => {
      const call = randomCall({ mask, withStates: true });
      for (const [, layer] of alikeLayers({ goBackwards })) {
        expectCarriedOver(traceLayer(layer, call.x, optionsOf(call)), goBackwards);
      }
    });
  });

  test.each(masked)('lets NaN at a masked step reach nothing: %s', (_, mask, goBackwards) => {
    tf.tidy(() => {
      const call = randomCall({ mask });
      for (const [, layer] of alikeLayers({ goBackwards })) {
        const clean = traceLayer(layer, call.x, optionsOf(call));
        const trace = traceLayer(layer, withNaNAtMaskedSteps(call), optionsOf(call));
        for (const name of STEPS) expectClose(trace[name], clean[name], 0);
      }
    });
  });
});

describe.each(LAYER_KIND_NAMES)('On %s, traceLayer', (kind) => {
  beforeAll(() => useBackend('cpu'));

  test('leaves outputs, weights and configuration as they were, and frees all it made', () => {
    const layer = layerOfKind(kind, { returnSequences: true, returnState: true, goBackwards: true });
    const call = randomCall({ mask: 'with holes', withStates: true });
    const { cell, weights } = layer;
    const config = JSON.stringify(layer.getConfig());
    const before = [...applyTo(layer, call), ...layer.getWeights().map((weight) => tf.clone(weight))];
    const { numTensors } = tf.memory();
    traceLayer(layer, call.x, optionsOf(call)).dispose();
    traceLayer(layer, call.x).dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    tf.tidy(() => expectAllClose([...applyTo(layer, call), ...layer.getWeights()], before, 0));
    expect(layer.cell).toBe(cell);
    expect(layer.weights.map(({ id }) => id)).toEqual(weights.map(({ id }) => id));
    expect(JSON.stringify(layer.getConfig())).toBe(config);
    expect([call.x, call.mask, ...(call.initialState ?? [])].some((tensor) => tensor?.isDisposed)).toBe(false);
    tf.dispose([before, call.x, call.mask, call.initialState] as tf.TensorContainer);
    layer.dispose();
  });

  test('reads the states of a stateful layer, and neither changes nor disposes them', () => {
    const layer = layerOfKind(kind, { stateful: true });
    const [h, c] = randomStates(30);
    layer.resetStates([h, c]);
    const states = [...(layer.states as tf.Tensor[])];
    const { x } = randomCall();
    const { numTensors } = tf.memory();
    const trace = traceLayer(layer, x);
    expectAllClose([trace.h0, trace.c0], [h, c], 0);
    trace.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    for (const [n, state] of (layer.states as tf.Tensor[]).entries()) expect(state).toBe(states[n]);
    expectAllClose(layer.states as tf.Tensor[], [h, c], 0);
    layer.dispose();
  });

  test('applies no dropout and draws no dropout mask', () => {
    tf.tidy(() => {
      const dropoutFunc = jest.fn((ones: tf.Tensor) => tf.zerosLike(ones));
      const layer = layerOfKind(kind, { dropout: 0.5, recurrentDropout: 0.5, dropoutFunc });
      const { x } = randomCall();
      expectSameTrace(traceLayer(layer, x), traceLayer(layerOfKind(kind), x));
      expect(dropoutFunc).not.toHaveBeenCalled();
    });
  });

  test("needs none of a user's own classes that made and constrain the weights", () => {
    tf.tidy(() => {
      const kernelInitializer = unregistered(tf.initializers.zeros());
      const recurrentConstraint = unregistered(tf.constraints.nonNeg());
      const layer = layerOfKind(kind, { kernelInitializer, recurrentConstraint });
      const plain = layerOfKind(kind, { recurrentConstraint: 'nonNeg' });
      const { x } = randomCall();
      expectSameTrace(traceLayer(layer, x), traceLayer(plain, x));
    });
  });

  test('sees the weights as they are at the time of the call', () => {
    tf.tidy(() => {
      const [layer, other] = [layerOfKind(kind), layerOfKind(kind, {}, 2)];
      const { x } = randomCall();
      traceLayer(layer, x);
      layer.setWeights(other.getWeights());
      expectSameTrace(traceLayer(layer, x), traceLayer(other, x));
    });
  });

  test('uses up none of the names that tfjs gives to new layers', () => {
    tf.tidy(() => {
      const layer = layerOfKind(kind);
      const makers = [BUILT_IN, EXPLICIT].flatMap((make) => [make.lstm, make.lstmCell]);
      const nextNumbers = () => makers.map((create) => Number(/\d+$/.exec(create({ units: 1 }).name)?.[0]));
      const [first, second] = [nextNumbers(), nextNumbers()];
      traceLayer(layer, randomCall().x);
      const used = second.map((number, n) => number - (first[n] as number));
      expect(nextNumbers().map((number, n) => number - (second[n] as number))).toEqual(used);
    });
  });
});
