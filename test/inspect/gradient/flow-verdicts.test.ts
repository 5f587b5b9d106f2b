import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../../src/index.js';
import {
  type FlowStatistics,
  type FlowStatisticsOptions,
  flowStatistics,
  gradientFlow,
} from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';
import { randomTensor } from '../../support/random.js';

interface Situation extends FlowStatisticsOptions {
  /** Bias of every forget gate. */
  forget?: number;
  /** Deviation of the recurrent kernel. */
  recurrent?: number;
  timesteps?: number;
  everyStep?: boolean;
  goBackwards?: boolean;
  mask?: tf.Tensor;
}

const UNITS = 6;

/** Statistics of an LSTM whose cell keeps, or loses, what it holds. */
async function statisticsOf(situation: Situation): Promise<FlowStatistics> {
  const {
    forget = 0,
    recurrent = 0.1,
    timesteps = 30,
    everyStep = false,
    goBackwards = false,
    mask,
    ...options
  } = situation;
  const layer = lstm({ units: UNITS, recurrentActivation: 'sigmoid', returnSequences: true, goBackwards });
  layer.apply(tf.input({ shape: [null, 2] }));
  const bias = tf.concat([tf.zeros([UNITS]), tf.fill([UNITS], forget), tf.zeros([2 * UNITS])]);
  layer.setWeights([randomTensor([2, 4 * UNITS], 1, 0.3), randomTensor([UNITS, 4 * UNITS], 2, recurrent), bias]);
  const x = randomTensor<tf.Rank.R3>([3, timesteps, 2], 3);
  const last = goBackwards ? 0 : timesteps - 1;
  const flow = gradientFlow(
    layer,
    x,
    (h) => tf.sum(tf.square(everyStep ? h : tf.slice(h, [0, last, 0], [-1, 1, -1]))) as tf.Scalar,
    mask === undefined ? {} : { mask },
  );
  return flowStatistics(flow, options);
}

describe('The verdict of flowStatistics', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each([false, true])(
    'is vanishing where forget gates forget, whether the loss looks at every step or not: %s',
    async (everyStep) => {
      const { verdict, slope, fit, sentence } = await statisticsOf({ forget: -1, everyStep });
      expect(verdict).toBe('vanishing');
      // Not far from what the forget gates alone would do: sigmoid(-1) is 0.27.
      expect(slope).toBeGreaterThan(1.5 * Math.log(0.27));
      expect(slope).toBeLessThan(0.8 * Math.log(0.27));
      expect(fit!.attenuation).toBeLessThan(1e-10);
      expect(fit!.rSquared).toBeGreaterThan(0.99);
      const whose = everyStep ? 'gradient of the last of 30 loss terms' : 'gradient';
      expect(sentence).toMatch(
        new RegExp(`^${whose} halves every 0\\.\\d+ steps, to \\d.*e-\\d+ of its size over 30 steps$`),
      );
    },
  );

  test.each([{}, { goBackwards: true }, { forget: -1, recurrent: 0.5 }])(
    'tells of the last loss term as if there were no other: %j',
    async (situation) => {
      const alone = await statisticsOf(situation);
      const among = await statisticsOf({ ...situation, everyStep: true });
      expect(alone.lossTerms.filter((term) => term !== null)).toHaveLength(1);
      expect(among.lossTerms.filter((term) => term !== null)).toHaveLength(30);
      expect(among.slope! / alone.slope!).toBeCloseTo(1, 3);
      expect(among.fit!.attenuation / alone.fit!.attenuation).toBeCloseTo(1, 2);
      for (const [t, left] of alone.retained.entries()) expect(among.retained[t]! / left!).toBeCloseTo(1, 2);
      const last = situation.goBackwards ? 0 : 29;
      expect(among.retained[last]).toBe(1);
    },
  );

  test('tells of the last term of each sample, where sequences end at different steps', async () => {
    const mask = tf.tensor2d([30, 20, 12].map((length) => Array.from({ length: 30 }, (_, t) => (t < length ? 1 : 0))));
    const { retained, verdict } = await statisticsOf({ forget: -1, everyStep: true, mask: tf.cast(mask, 'bool') });
    expect(verdict).toBe('vanishing');
    expect(retained[29]).toBe(1);
    expect(retained[0]).toBeLessThan(1e-3);
  });

  test.each([90, 400])(
    'is the same at every length: halving times do not depend on %d timesteps',
    async (timesteps) => {
      const { fit, sentence } = await statisticsOf({ forget: 0.5, timesteps });
      const short = await statisticsOf({ forget: 0.5, timesteps: 60 });
      expect(fit!.halfLife! / short.fit!.halfLife!).toBeCloseTo(1, 1);
      expect(fit!.belowFloat32).toBe(timesteps === 400);
      expect(fit!.attenuation).toBeGreaterThan(2 ** -126);
      expect(sentence.endsWith('is then below what float32 can hold')).toBe(timesteps === 400);
    },
  );

  test('takes no loss term for one that is rounding of numbers too small for float32', async () => {
    const { lossTerms, shareThroughCell, carousel } = await statisticsOf({ forget: 0, timesteps: 400 });
    expect(lossTerms.filter((term) => term !== null)).toHaveLength(1);
    expect(shareThroughCell.slice(0, 100)).toEqual(new Array(100).fill(null));
    expect(carousel).toEqual(new Array(UNITS).fill(0));
  });

  test('is healthy where they keep', async () => {
    const { verdict, slope, carousel, shareOfLinearPath } = await statisticsOf({ forget: 5 });
    expect(verdict).toBe('healthy');
    expect(Math.abs(slope!)).toBeLessThan(0.05);
    for (const product of carousel) expect(product).toBeGreaterThan(0.6);
    // At the last step the gradient has come no way at all; further back less and less came through cells alone.
    expect(shareOfLinearPath[29]).toBeCloseTo(1, 6);
    expect(shareOfLinearPath[0]).toBeGreaterThan(0.3);
    expect((await statisticsOf({ forget: 5, recurrent: 1 })).shareOfLinearPath[0]).toBeLessThan(0.1);
  });

  test('is exploding where h comes back larger than it went', async () => {
    const { verdict, slope, sentence, fit } = await statisticsOf({ forget: 6, recurrent: 3, exploding: 20 });
    expect(fit!.attenuation).toBeGreaterThan(20);
    expect(verdict).toBe('exploding');
    expect(slope).toBeGreaterThan(0);
    expect(sentence).toMatch(/^gradient doubles every/);
  });

  test('follows the thresholds that are given', async () => {
    const { verdict, fit } = await statisticsOf({ forget: 1 });
    const { attenuation } = fit!;
    expect(verdict).toBe(attenuation < 1e-3 ? 'vanishing' : 'healthy');
    expect((await statisticsOf({ forget: 1, vanishing: Math.min(0.99, attenuation * 2) })).verdict).toBe('vanishing');
    expect((await statisticsOf({ forget: 1, vanishing: attenuation / 2 })).verdict).toBe('healthy');
  });

  test('is the same for a layer that reads the same sequence backwards from its end', async () => {
    const { verdict, fit } = await statisticsOf({ forget: -1, goBackwards: true });
    expect(verdict).toBe('vanishing');
    expect(fit).toMatchObject({ first: 29, last: 0, steps: 30 });
  });

  test('is of the one step where there is one', async () => {
    const { verdict, fit, slope, gain } = await statisticsOf({ timesteps: 1 });
    expect(fit).toMatchObject({ first: 0, last: 0, steps: 1, rSquared: null });
    expect(slope).toBeCloseTo(Math.log(gain[0]!), 12);
    expect(verdict).toBe('healthy');
  });

  test('does not count steps that every sample passes over', async () => {
    const mask = tf.concat([tf.ones([3, 10]), tf.zeros([3, 20])], 1);
    const padded = await statisticsOf({ forget: -1, mask });
    expect(padded.fit).toMatchObject({ first: 0, last: 9, steps: 10 });
    expect(padded.gain.slice(10)).toEqual(new Array(20).fill(null));
    expect(padded.dh.slice(10)).toEqual(new Array(20).fill(null));
    expect(padded.validSteps).toBe(30);
  });

  test('is none where every step is masked', async () => {
    const statistics = await statisticsOf({ mask: tf.zeros([3, 30]), jacobianAt: [3] });
    expect(statistics).toMatchObject({ verdict: null, slope: null, fit: null, validSteps: 0, dh0: null, dc0: null });
    expect(statistics.jacobian).toEqual([{ timestep: 3, mean: null, max: null }]);
    for (const none of [
      statistics.dh,
      statistics.dz.f,
      statistics.carousel,
      statistics.forgetGateClosed,
      statistics.gain,
    ]) {
      expect(new Set(none)).toEqual(new Set([null]));
    }
    expect(statistics.sentence).toMatch(/^every step is masked/);
  });

  test('is vanishing where a gate is so closed that nothing passes', async () => {
    const { verdict, fit, sentence } = await statisticsOf({ forget: -200, recurrent: 0 });
    expect([verdict, fit]).toEqual(['vanishing', null]);
    expect(sentence).toMatch(
      /^gradient does not survive a single step back.*; forget gates are closed .* in all 6 units$/,
    );
  });

  test('is none, with the first step counted back in time, where gradients are not finite', async () => {
    const layer = lstm({ units: 2, returnSequences: true });
    layer.apply(tf.input({ shape: [null, 2] }));
    const x = randomTensor<tf.Rank.R3>([2, 5, 2], 3);
    const flow = gradientFlow(layer, x, (h) => {
      const [, at2] = tf.split(h, [2, 1, 2], 1);
      return tf.sum(tf.mul(at2!, Number.NaN)) as tf.Scalar;
    });
    const statistics = await flowStatistics(flow);
    expect(statistics).toMatchObject({ verdict: null, loss: null, nonFinite: { firstTimestep: 2 } });
    // dh, dc and four of z, of two units and two samples, at steps 2, 1 and 0.
    expect(statistics.nonFinite.count).toBe(6 * 2 * 2 * 3);
    expect(statistics.dh).toEqual([null, null, null, 0, 0]);
    expect(statistics.sentence).toMatch(/^gradients are not finite from timestep 2 on/);
    expect(JSON.parse(JSON.stringify(statistics))).toEqual(statistics);
  });
});
