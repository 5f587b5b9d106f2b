import { type ByGate, GATE_NAMES } from '../../core/gates.js';
import { requireOptions } from '../../core/options.js';
import { tidy } from '../../core/tidy.js';
import { SATURATED } from '../words.js';
import { fitGains } from './fit-gains.js';
import { flowSentence } from './flow-sentence.js';
import type {
  FlowStatistics,
  FlowStatisticsOptions,
  FlowVerdict,
  GradientFlow,
  JacobianNorm,
  NonFiniteGradients,
} from './flow-types.js';
import { type FlowValues, readFlow, type Values } from './flow-values.js';
import { directTerm, gains, pathsOf } from './paths.js';
import { type FlowThresholds, requireFlow, thresholdsOf } from './require-flow.js';
import { spectralNorms } from './spectral-norms.js';
import { finite, norm, StepsOfFlow } from './steps-of-flow.js';

/**
 * What a gradient does on its way back through time, in plain numbers and in a sentence: norms for each timestep, by
 * which paths it comes, how fast it shrinks or grows, and whether it vanishes or explodes. Masked steps are left out.
 *
 * ```ts
 * const statistics = await flowStatistics(flow);
 * statistics.verdict;  // 'vanishing'
 * statistics.sentence; // "gradient halves every 3.1 steps, to 1.1e-7 of its size over 72 steps; unit 17's forget gate …"
 * statistics.dh;       // its norm at each timestep
 * ```
 *
 * Vanishing and exploding gradients and the Jacobian's norm: Pascanu, Mikolov and Bengio 2013, "On the difficulty of
 * training recurrent neural networks", arXiv 1211.5063. The linear path: Kanuparthi et al. 2018, "h-detach", arXiv
 * 1810.03023. The carousel: Hochreiter and Schmidhuber 1997.
 *
 * @param flow Of `gradientFlow` or `gradientFlowModel`; it remains the caller's.
 * @throws RangeError (by the promise) for what is not a flow, for a disposed one, and for options that break their rule.
 */
export async function flowStatistics(flow: GradientFlow, options: FlowStatisticsOptions = {}): Promise<FlowStatistics> {
  requireFlow('flowStatistics', flow);
  requireOptions('flowStatistics', options, ['jacobianAt', 'vanishing', 'exploding']);
  const thresholds = thresholdsOf('flowStatistics', options, flow.dh.shape[1]);
  const [values, jacobian] = await Promise.all([readFlow(flow), jacobianNorms(flow, thresholds.jacobianAt)]);
  const steps = new StepsOfFlow(values);
  const direct = directTerm(values, steps);
  const gain = gains(values, steps, direct);
  const fitted = fitGains(gain, steps.backwards);
  const nonFinite = nonFiniteGradients(values, steps);
  const statistics = {
    ...sizesOf(values, steps),
    ...normsOf(values, steps),
    ...pathsOf(values, steps, direct),
    ...forgetting(values, steps),
    ...{ gain, slope: fitted?.slope ?? null, fit: fitted?.fit ?? null, jacobian },
    dWeights: weightNorms(values),
    nonFinite,
    verdict: nonFinite.count > 0 ? null : verdictOf(gain, fitted?.fit.attenuation ?? 0, thresholds),
  };
  return { ...statistics, sentence: flowSentence(statistics) };
}

function sizesOf({ batch, timesteps, units, goBackwards, loss }: FlowValues, steps: StepsOfFlow) {
  const validSteps = steps.backwards.reduce((count, t) => count + steps.samplesAt(t).length, 0);
  return { ...{ batch, timesteps, units, goBackwards }, validSteps, loss: finite(loss) };
}

function normsOf({ units, features, sequences, dz, dx, dh0, dc0 }: FlowValues, steps: StepsOfFlow) {
  const { dh, dc, dhRecurrent, dcCell } = sequences;
  const of = (values: Values) => steps.norms(values, units);
  const somewhereValid = Array.from({ length: steps.batch }, (_, sample) => sample).filter((sample) =>
    steps.backwards.some((t) => steps.isValid(sample, t)),
  );
  const ofState = (values: Values) =>
    finite(somewhereValid.reduce((sum, n) => sum + norm(values, n * units, units), 0) / somewhereValid.length);
  return {
    ...{ dh: of(dh), dc: of(dc), dz: byGate((gate) => of(dz[gate])), dx: steps.norms(dx, features) },
    ...{ dhRecurrent: of(dhRecurrent), dcCell: of(dcCell), dh0: ofState(dh0), dc0: ofState(dc0) },
  };
}

/** The carousel product and the closed steps of every unit's forget gate. */
function forgetting({ units, f }: FlowValues, steps: StepsOfFlow) {
  const products = new Array<number>(units).fill(0);
  const closed = new Array<number>(units).fill(0);
  let [samples, count] = [0, 0];
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
    carousel: products.map((sum) => finite(sum / samples)),
    forgetGateClosed: closed.map((steps) => finite(steps / count)),
  };
}

async function jacobianNorms(flow: GradientFlow, timesteps: readonly number[]): Promise<JacobianNorm[]> {
  const mask = flow.trace.mask?.data() ?? null;
  const all = timesteps.map((t) => tidy(() => spectralNorms(flow.stepJacobian(t))));
  const [, length] = flow.dh.shape;
  try {
    const reads = await Promise.all(all.map((norms) => norms.data()));
    const valid = await mask;
    return timesteps.map((timestep, n) => {
      const norms = [...(reads[n] as Float32Array)].filter((_, sample) => valid?.[sample * length + timestep] !== 0);
      const mean = finite(norms.reduce((sum, value) => sum + value, 0) / norms.length);
      return { timestep, mean, max: finite(Math.max(...norms)) };
    });
  } finally {
    for (const norms of all) norms.dispose();
  }
}

function weightNorms({ dWeights: { kernel, recurrentKernel, bias } }: FlowValues) {
  const of = (values: ByGate<Values>) => byGate((gate) => finite(norm(values[gate])));
  return { kernel: of(kernel), recurrentKernel: of(recurrentKernel), bias: bias === null ? null : of(bias) };
}

function nonFiniteGradients({ units, sequences, dz }: FlowValues, steps: StepsOfFlow): NonFiniteGradients {
  const all = [sequences.dh, sequences.dc, ...Object.values(dz)];
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

function verdictOf(gain: (number | null)[], attenuation: number, thresholds: FlowThresholds): FlowVerdict | null {
  if (gain.every((one) => one === null)) return null;
  if (attenuation < thresholds.vanishing) return 'vanishing';
  return attenuation > thresholds.exploding ? 'exploding' : 'healthy';
}

function byGate<Value>(of: (gate: keyof ByGate<Value>) => Value): ByGate<Value> {
  return Object.fromEntries(GATE_NAMES.map((gate) => [gate, of(gate)])) as ByGate<Value>;
}
