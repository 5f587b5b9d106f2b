import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { SMALLEST_NORMAL } from '../../core/float32.js';
import type { ByGate } from '../../core/gates.js';
import { aNumber, checkOptions, type OptionRules } from '../../core/options.js';
import { mapWeights } from '../../core/weights.js';
import { SATURATED } from '../words.js';
import { fitGains, type Gains, gainsOf } from './fit-gains.js';
import { flowSentence } from './flow-sentence.js';
import type {
  FlowFit,
  FlowStatistics,
  FlowStatisticsOptions,
  FlowVerdict,
  GradientFlow,
  NonFiniteGradients,
  PerTimestep,
  WeightGradientNorms,
} from './flow-types.js';
import { byGate, type FlowValues, readFlow, type Values } from './flow-values.js';
import { jacobianNorms } from './jacobian-norms.js';
import { crossingsOfLastTerm } from './last-term.js';
import { type LossTerms, lossTermNorms, lossTerms, stepsWithLoss } from './loss-terms.js';
import { type Crossing, crossingsOfTotal, pathsOf } from './paths.js';
import { hasPlainShape, statisticsOfVariant } from './statistics-of-variant.js';
import { finite, norm, StepsOfFlow } from './steps-of-flow.js';

/**
 * What happens to a gradient on its way back through time, as plain numbers and in a sentence: its norm at each timestep,
 * the paths it takes, how fast it shrinks or grows, whether it vanishes or explodes, and how much each timestep
 * contributes to the gradient of the weights. Masked steps are left out.
 *
 * ```ts
 * const statistics = await flowStatistics(flow);
 * statistics.verdict;   // 'vanishing'
 * statistics.sentence;  // "gradient halves every 3.1 steps, to 1.1e-7 of its size over 72 steps; unit 17's forget gate …"
 * statistics.retained;  // the fraction of it that is left at each timestep, the curve that the sentence describes
 * statistics.toWeights; // what each timestep adds to the gradient of the layer's weights
 * ```
 *
 * Verdict, sentence, slope and `retained` describe the way back from the last step that the loss depends on. If the loss
 * has terms at every step, that is the way of its last term only; the other terms have shorter ways. What reaches the
 * weights is in `toWeights`.
 *
 * Below the smallest normal float32 number, 1.2e-38, backends differ and values are dominated by rounding. No logarithm,
 * ratio or slope is computed from smaller values: the line ends there, and the attenuation is an upper bound.
 *
 * Vanishing and exploding gradients and the norm of the Jacobian: Pascanu, Mikolov and Bengio 2013, "On the difficulty of
 * training recurrent neural networks", arXiv 1211.5063. The linear path: Kanuparthi et al. 2018, "h-detach", arXiv
 * 1810.03023. The carousel: Hochreiter and Schmidhuber 1997.
 *
 * @param flow As returned by `gradientFlow` or `gradientFlowModel`; it is not disposed.
 * @throws RangeError (as a rejection) for what is not a flow, for a disposed one, and for options that break their rule.
 * @category Gradients through time
 */
export async function flowStatistics(flow: GradientFlow, options: FlowStatisticsOptions = {}): Promise<FlowStatistics> {
  requireFlow('flowStatistics', flow);
  checkOptions('flowStatistics', options, rulesFor(flow.dh.shape[1]));
  if (!hasPlainShape(flow)) return await ofVariant(flow, options);
  const [values, jacobian] = await Promise.all([readFlow(flow), jacobianNorms(flow, options.jacobianAt ?? [])]);
  const steps = new StepsOfFlow(values);
  const terms = lossTerms(values, steps);
  const { crossings, followed } = followedCrossings(values, steps, terms);
  const gains = gainsOf(crossings, steps.backwards);
  const fitted = fitGains(gains, steps.backwards);
  const nonFinite = nonFiniteGradients(values, steps);
  const statistics = {
    batch: values.batch,
    timesteps: values.timesteps,
    units: values.units,
    goBackwards: values.goBackwards,
    validSteps: steps.backwards.reduce((count, t) => count + steps.samplesAt(t).length, 0),
    loss: finite(values.loss),
    ...normsOf(values, steps),
    ...pathsOf(values, steps, terms),
    ...forgetting(values, steps),
    lossTerms: lossTermNorms(terms, values, steps),
    gain: gains.gain,
    retained: gains.retained,
    slope: fitted?.slope ?? null,
    fit: fitted?.fit ?? null,
    jacobian,
    dWeights: weightNorms(values),
    toWeights: additionsToWeights(values, steps),
    nonFinite,
    verdict: nonFinite.count > 0 ? null : verdictOf(gains, fitted?.fit ?? null, options),
  };
  return { ...statistics, sentence: flowSentence(statistics, followed) };
}

async function ofVariant(flow: GradientFlow, options: FlowStatisticsOptions): Promise<FlowStatistics> {
  const [variant, jacobian] = await Promise.all([
    statisticsOfVariant(flow),
    jacobianNorms(flow, options.jacobianAt ?? []),
  ]);
  const { steps, crossings, known, nonFinite } = variant;
  const gains = gainsOf(crossings, steps.backwards);
  const fitted = fitGains(gains, steps.backwards);
  const statistics = {
    ...known,
    gain: gains.gain,
    retained: gains.retained,
    slope: fitted?.slope ?? null,
    fit: fitted?.fit ?? null,
    jacobian,
    dWeights: variant.dWeights as FlowStatistics['dWeights'],
    nonFinite,
    verdict: nonFinite.count > 0 ? null : verdictOf(gains, fitted?.fit ?? null, options),
  };
  return { ...statistics, sentence: flowSentence(statistics, 'all terms') };
}

/**
 * Checks that something is a gradient flow that can be read.
 *
 * @throws RangeError
 */
function requireFlow(where: string, flow: unknown): asserts flow is GradientFlow {
  const { dh, dz, trace } = (flow ?? {}) as Partial<GradientFlow>;
  if (!(dh instanceof tf.Tensor) || dz === undefined || trace === undefined) {
    throw invalidArgument(where, 'flow must be what gradientFlow returns', flow);
  }
  if (dh.isDisposed) throw invalidArgument(where, 'flow must not be disposed', flow);
}

function rulesFor(timesteps: number): OptionRules {
  const isTimestep = (t: unknown) => Number.isSafeInteger(t) && (t as number) >= 0 && (t as number) < timesteps;
  return {
    jacobianAt: {
      must: `whole numbers from 0 to ${timesteps - 1}`,
      holds: (given) => Array.isArray(given) && given.every(isTimestep),
    },
    vanishing: aNumber('a number between 0 and 1', (value) => value > 0 && value < 1),
    exploding: aNumber('a number above 1', (value) => value > 1),
  };
}

/** Sizes of the gradient around each step: of the last loss term alone, where there are several and it can be told apart. */
function followedCrossings(
  values: FlowValues,
  steps: StepsOfFlow,
  terms: LossTerms,
): { crossings: Crossing[]; followed: 'last term' | 'all terms' } {
  const lossSteps = stepsWithLoss(terms, values, steps);
  const ofLast = lossSteps.some(({ length }) => length > 1)
    ? crossingsOfLastTerm(values, steps, terms, lossSteps)
    : null;
  return ofLast === null
    ? { crossings: crossingsOfTotal(values, steps, terms), followed: 'all terms' }
    : { crossings: ofLast, followed: 'last term' };
}

function normsOf(values: FlowValues, steps: StepsOfFlow) {
  const { units, features, dz, dh0, dc0 } = values;
  const of = (sequence: Values) => steps.norms(sequence, units);
  const somewhereValid = Array.from({ length: steps.batch }, (_, sample) => sample).filter((sample) =>
    steps.backwards.some((t) => steps.isValid(sample, t)),
  );
  const ofState = (state: Values) =>
    finite(somewhereValid.reduce((sum, n) => sum + norm(state, n * units, units), 0) / somewhereValid.length);
  return {
    dh: of(values.dh),
    dc: of(values.dc),
    dz: byGate((gate) => of(dz[gate])),
    dx: steps.norms(values.dx, features),
    dhRecurrent: of(values.dhRecurrent),
    dcCell: of(values.dcCell),
    dh0: ofState(dh0),
    dc0: ofState(dc0),
  };
}

/** The carousel product and the closed steps of every unit's forget gate. */
function forgetting({ units, f }: FlowValues, steps: StepsOfFlow) {
  const products = new Array<number>(units).fill(0);
  const closed = new Array<number>(units).fill(0);
  let samples = 0;
  let count = 0;
  for (let sample = 0; sample < steps.batch; sample++) {
    const valid = steps.backwards.filter((t) => steps.isValid(sample, t));
    if (valid.length === 0) continue;
    samples += 1;
    count += valid.length;
    for (let unit = 0; unit < units; unit++) {
      const gates = valid.map((t) => f[steps.offset(sample, t, units) + unit] as number);
      products[unit] = (products[unit] as number) + gates.reduce((product, gate) => product * gate, 1);
      closed[unit] = (closed[unit] as number) + gates.filter((gate) => gate < SATURATED.low).length;
    }
  }
  return {
    carousel: products.map((sum) => finite(Math.abs(sum / samples) < SMALLEST_NORMAL ? 0 : sum / samples)),
    forgetGateClosed: closed.map((steps) => finite(steps / count)),
  };
}

/**
 * What each step adds to the gradient of the kernel, the recurrent kernel and the bias as one vector: of a sample it is
 * the outer product of (x_t, h_{t-1}, 1) and dz_t, whose norm is the product of theirs.
 */
function additionsToWeights(values: FlowValues, steps: StepsOfFlow): PerTimestep {
  const { units, features, dz, x, h, h0 } = values;
  const hasBias = values.dWeights.bias !== null;
  return Array.from({ length: steps.timesteps }, (_, t) => {
    const previous = steps.before(t);
    return steps.meanAt(t, (sample) => {
      const offset = steps.offset(sample, t, units);
      const ofGates = Math.hypot(...Object.values(dz).map((ofGate) => norm(ofGate, offset, units)));
      const before =
        previous === null ? norm(h0, sample * units, units) : norm(h, steps.offset(sample, previous, units), units);
      const ofX = norm(x, steps.offset(sample, t, features), features);
      return ofGates === 0 ? 0 : ofGates * Math.hypot(ofX, before, hasBias ? 1 : 0);
    });
  });
}

function weightNorms({ dWeights }: FlowValues): WeightGradientNorms {
  return mapWeights(dWeights, (values: ByGate<Values>) => byGate((gate) => finite(norm(values[gate]))));
}

function nonFiniteGradients({ units, dh, dc, dz }: FlowValues, steps: StepsOfFlow): NonFiniteGradients {
  const all = [dh, dc, ...Object.values(dz)];
  let count = 0;
  let firstTimestep: number | null = null;
  for (const t of steps.backwards) {
    for (const sample of steps.samplesAt(t)) {
      const offset = steps.offset(sample, t, units);
      for (const values of all) count += countNonFinite(values, offset, units);
    }
    if (count > 0) firstTimestep ??= t;
  }
  return { count, firstTimestep };
}

function countNonFinite(values: Values, offset: number, length: number): number {
  let count = 0;
  for (let n = offset; n < offset + length; n++) if (!Number.isFinite(values[n])) count += 1;
  return count;
}

/** By what a gradient is multiplied over a whole sequence, for it to vanish or to explode. */
const DEFAULTS = { vanishing: 1e-3, exploding: 1e3 };

function verdictOf(gains: Gains, fit: FlowFit | null, options: FlowStatisticsOptions): FlowVerdict | null {
  if (gains.gain.every((one) => one === null)) return null;
  const attenuation = fit?.attenuation ?? 0;
  if (attenuation < (options.vanishing ?? DEFAULTS.vanishing) || fit?.belowFloat32) return 'vanishing';
  return attenuation > (options.exploding ?? DEFAULTS.exploding) ? 'exploding' : 'healthy';
}
