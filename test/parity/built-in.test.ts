import * as tf from '@tensorflow/tfjs';
import make from 'covertable';
import type { LSTMArgs } from '../../src/index.js';
import { NODE_BACKENDS, useBackend } from '../../tools/backends.js';
import { expectAllClose } from '../support/close.js';
import { MASK_BATCH, MASK_KINDS, MASK_TIMESTEPS, type MaskKind, maskOf } from '../support/masks.js';
import { randomTensor } from '../support/random.js';
import { resultsOf, twins } from '../support/twins.js';

const UNITS = 5;
const FEATURES = 3;

interface Case {
  args: Omit<LSTMArgs, 'units'>;
  mask: MaskKind;
  states: 'zeros' | 'by name' | 'after x';
}

const FACTORS = {
  returnSequences: [false, true],
  returnState: [false, true],
  recurrentActivation: ['hardSigmoid', 'sigmoid'],
  activation: ['tanh', 'relu', 'softsign', 'linear'],
  useBias: [true, false],
  goBackwards: [false, true],
  dropout: [0, 0.3],
  recurrentDropout: [0, 0.4],
  mask: MASK_KINDS,
  states: ['zeros', 'by name', 'after x'],
  useFused: ['auto', false],
} as const;

const PAIRWISE = make(FACTORS as unknown as Record<string, unknown[]>).map(({ mask, states, ...args }) => ({
  args,
  mask,
  states,
})) as Case[];

const FOUR_COMBINATIONS: Case[] = [false, true].flatMap((returnSequences) =>
  [false, true].flatMap((returnState) =>
    MASK_KINDS.map((mask) => ({ args: { returnSequences, returnState }, mask, states: 'by name' as const })),
  ),
);

/** Drops in a pattern that depends on the shape alone, and scales what is left unevenly. */
function patternedDropout(ones: tf.Tensor, rate: number): tf.Tensor {
  const pattern = tf.tidy(() => tf.mod(tf.range(0, ones.size), 3).reshape(ones.shape));
  return tf.mul(tf.mul(ones, pattern), 1 / (1 - rate));
}

function titleOf({ args, mask, states }: Case): string {
  const set = Object.entries(args).map(([name, value]) => `${name} ${value}`);
  return [...set, `mask ${mask}`, `states ${states}`].join(', ');
}

describe.each(NODE_BACKENDS)('on %s, the explicit LSTM computes what tf.layers.lstm computes', (backend) => {
  beforeAll(() => useBackend(backend));

  const cases = [...FOUR_COMBINATIONS, ...PAIRWISE].map((one) => [titleOf(one), one] as const);

  test.each(cases)('with %s', (_title, { args, mask, states }) => {
    tf.tidy(() => {
      const { builtIn, explicit } = twins({ units: UNITS, ...args, dropoutFunc: patternedDropout }, FEATURES);
      const x = randomTensor([MASK_BATCH, MASK_TIMESTEPS, FEATURES], 7);
      const initialState = [randomTensor([MASK_BATCH, UNITS], 8), randomTensor([MASK_BATCH, UNITS], 9)];
      const kwargs = { mask: maskOf(mask), training: true };
      const results = [builtIn, explicit].map((layer) =>
        resultsOf(
          layer,
          (input, given) => {
            if (states === 'after x') return layer.apply([input, ...given], { ...kwargs }) as tf.Tensor[];
            return layer.apply(
              input,
              states === 'zeros' ? { ...kwargs } : { ...kwargs, initialState: given },
            ) as tf.Tensor[];
          },
          states === 'zeros' ? { x } : { x, states: initialState },
        ),
      );
      const [expected, received] = results as [(typeof results)[0], (typeof results)[0]];
      expectAllClose(received.outputs, expected.outputs);
      expectAllClose(received.inputGradients, expected.inputGradients);
      expectAllClose(received.weightGradients, expected.weightGradients);
    });
  });
});
