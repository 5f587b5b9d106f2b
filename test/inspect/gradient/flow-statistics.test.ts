import * as tf from '@tensorflow/tfjs';
import { GATE_NAMES } from '../../../src/index.js';
import { type FlowStatistics, flowStatistics, type GradientFlow, gradientFlow } from '../../../src/inspect/index.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import {
  fixtureLayer,
  fixtureLoss,
  GRADIENT_FLOW_FIXTURES,
  type GradientFlowFixture,
  gradientFlowFixture,
} from '../../support/gradient-flow-fixtures.js';

function flowOf(fixture: GradientFlowFixture): GradientFlow {
  const { x, h0, c0 } = fixture.inputs;
  const options = { initialState: [h0, c0], mask: fixture.mask };
  return gradientFlow(fixtureLayer('the explicit layer', fixture), x, fixtureLoss(fixture), options);
}

const known = new Map<string, Promise<FlowStatistics>>();

/** Those of a fixture on the current backend, plain numbers, computed once: with the Jacobians of the last steps, or of all. */
function statisticsOf(name: string, jacobians = Number.POSITIVE_INFINITY): Promise<FlowStatistics> {
  const key = `${tf.getBackend()} ${name} ${jacobians}`;
  const compute = () => {
    const flow = flowOf(gradientFlowFixture(name));
    return flowStatistics(flow, { jacobianAt: lastSteps(flow.dh.shape[1], jacobians) });
  };
  const statistics = known.get(key) ?? compute();
  known.set(key, statistics);
  return statistics;
}

function lastSteps(timesteps: number, count: number): number[] {
  return Array.from({ length: Math.min(timesteps, count) }, (_, n) => timesteps - 1 - n);
}

type Sequence = number[][][];

/** A fixture as nested arrays, and how to take means over valid samples of it. */
function plain(fixture: GradientFlowFixture) {
  const { gradients, inputs } = fixture;
  const mask = fixture.mask?.arraySync() as number[][] | undefined;
  const [batch, timesteps] = inputs.x.shape as [number, number];
  const validAt = (t: number) => Array.from({ length: batch }, (_, b) => b).filter((b) => mask?.[b]?.[t] !== 0);
  const meanAt = (t: number, of: (b: number) => number) => {
    const valid = validAt(t);
    return valid.length === 0 ? null : valid.reduce((sum, b) => sum + of(b), 0) / valid.length;
  };
  const norms = (tensor: tf.Tensor) => {
    const values = tensor.arraySync() as Sequence;
    return Array.from({ length: timesteps }, (_, t) => meanAt(t, (b) => Math.hypot(...values[b]![t]!)));
  };
  return { gradients, inputs, norms, meanAt, validAt, timesteps };
}

function expectNear(actual: (number | null)[], expected: (number | null)[], tolerance = 2e-5): void {
  expect(actual).toHaveLength(expected.length);
  for (const [n, value] of expected.entries()) {
    if (value === null) expect([n, actual[n]]).toEqual([n, null]);
    else expect(Math.abs((actual[n] as number) - value)).toBeLessThanOrEqual(tolerance * (1e-3 + Math.abs(value)));
  }
}

describe.each(NODE_BACKENDS)('On %s, flowStatistics', (backend) => {
  beforeAll(() => useBackend(backend));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(GRADIENT_FLOW_FIXTURES)('tells what each step adds to the gradient of the weights: %s', async (name) => {
    const fixture = gradientFlowFixture(name);
    const flow = flowOf(fixture);
    const { toWeights, dWeights } = await statisticsOf(name, 3);
    const { x, trace, goBackwards } = flow;
    const [dz, xs, hs] = [
      tf.concat(
        GATE_NAMES.map((gate) => flow.dz[gate]),
        2,
      ),
      x,
      trace.h,
    ].map((tensor) => tensor.arraySync() as Sequence);
    const h0 = trace.h0.arraySync();
    const { meanAt, timesteps } = plain(fixture);
    const inputOf = (b: number, t: number) => {
      const previous = goBackwards ? t + 1 : t - 1;
      return [...xs![b]![t]!, ...(hs![b]![previous] ?? h0[b]!), ...(dWeights.bias === null ? [] : [1])];
    };
    const outer = (b: number, t: number) => inputOf(b, t).flatMap((input) => dz![b]![t]!.map((z) => input * z));
    expectNear(
      toWeights,
      Array.from({ length: timesteps }, (_, t) => meanAt(t, (b) => Math.hypot(...outer(b, t)))),
    );
    // All of them together, over all samples, are the gradient of the weights.
    const sums = Array.from(outer(0, 0), () => 0);
    for (const b of xs!.keys()) {
      for (let t = 0; t < timesteps; t++) for (const [n, value] of outer(b, t).entries()) sums[n]! += value;
    }
    const whole = Object.values(dWeights).flatMap((weight) => (weight === null ? [] : Object.values(weight as object)));
    expectNear([Math.hypot(...sums)], [Math.hypot(...(whole as number[]))], 1e-4);
  });

  test.each(GRADIENT_FLOW_FIXTURES)("has the norms of the gradients that JAX's autograd found: %s", async (name) => {
    const fixture = gradientFlowFixture(name);
    const statistics = await statisticsOf(name, 3);
    const { norms, gradients } = plain(fixture);
    for (const quantity of ['dh', 'dc', 'dx', 'dhRecurrent', 'dcCell'] as const) {
      expectNear(statistics[quantity], norms(gradients[quantity]));
    }
    const byGate = tf.split(gradients.dz, 4, 2);
    for (const [n, gate] of GATE_NAMES.entries()) expectNear(statistics.dz[gate], norms(byGate[n]!));
    // JAX found it by cutting h off from the recurrence.
    expectNear(statistics.linearPath, norms(gradients.linearPath));
  });

  test.each(GRADIENT_FLOW_FIXTURES)('has the spectral norms of the Jacobians that numpy found: %s', async (name) => {
    const fixture = gradientFlowFixture(name);
    const { meanAt, validAt, timesteps } = plain(fixture);
    const expected = fixture.jacobianNorms.arraySync() as number[][];
    const jacobianAt = lastSteps(timesteps, 3);
    const { jacobian } = await statisticsOf(name, 3);
    expect(jacobian.map(({ timestep }) => timestep)).toEqual(jacobianAt);
    const means = jacobianAt.map((t) => meanAt(t, (b) => expected[b]![t]!));
    const largest = jacobianAt.map((t) => {
      const valid = validAt(t).map((b) => expected[b]![t]!);
      return valid.length === 0 ? null : Math.max(...valid);
    });
    expectNear(
      jacobian.map(({ mean }) => mean),
      means,
    );
    expectNear(
      jacobian.map(({ max }) => max),
      largest,
    );
  });
});

describe('flowStatistics', () => {
  beforeAll(() => useBackend('cpu'));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  test.each(GRADIENT_FLOW_FIXTURES)('survives JSON unchanged: %s', async (name) => {
    const statistics = await statisticsOf(name);
    expect(JSON.parse(JSON.stringify(statistics))).toEqual(statistics);
  });

  test.each(GRADIENT_FLOW_FIXTURES)(
    'finds no step that grows a gradient by more than its Jacobian can: %s',
    async (name) => {
      const { gain, jacobian } = await statisticsOf(name);
      for (const { timestep, max } of jacobian) {
        if (gain[timestep] != null) expect(gain[timestep]).toBeLessThanOrEqual((max as number) * (1 + 1e-4));
      }
    },
  );

  test.each(['last-step', 'backwards-last', 'long'])(
    'finds gains whose product is the size of what arrives by that of what set out, for a loss at the last step: %s',
    async (name) => {
      const fixture = gradientFlowFixture(name);
      const flow = flowOf(fixture);
      const { fit, gain, goBackwards } = await flowStatistics(flow);
      const { meanAt, timesteps } = plain(fixture);
      const [dh, dh0, dc0] = [flow.dh.arraySync(), flow.dh0.arraySync(), flow.dc0.arraySync()];
      const last = goBackwards ? 0 : timesteps - 1;
      const setOut = meanAt(last, (b) => Math.hypot(...dh[b]![last]!)) as number;
      const arrived = meanAt(0, (b) => Math.hypot(...dh0[b]!, ...dc0[b]!)) as number;
      expect(fit).toMatchObject({ steps: timesteps, first: goBackwards ? timesteps - 1 : 0, last });
      expectNear([fit!.attenuation], [arrived / setOut], 1e-4);
      expectNear([gain.reduce((product, one) => product! * one!, 1)], [arrived / setOut], 1e-4);
    },
  );

  test('takes the gradient to set out where the loss looks, and leaves later steps out', async () => {
    const { gain, fit, dh, shareThroughCell } = await statisticsOf('middle-step');
    expect(gain.slice(3)).toEqual([null, null, null]);
    expect(dh.slice(3)).toEqual([0, 0, 0]);
    expect(fit).toMatchObject({ first: 0, last: 2, steps: 3 });
    // At the step that the loss looks at, nothing comes from later.
    expect(shareThroughCell.slice(2)).toEqual([null, null, null, null]);
  });

  test.each(GRADIENT_FLOW_FIXTURES)('has shares that are fractions and add up: %s', async (name) => {
    const { shareThroughCell, shareThroughH, shareOfLinearPath } = await statisticsOf(name);
    for (const [t, share] of shareThroughCell.entries()) {
      if (share === null) expect(shareThroughH[t]).toBeNull();
      else expect(share + shareThroughH[t]!).toBeCloseTo(1, 12);
    }
    for (const share of [...shareThroughCell, ...shareOfLinearPath]) {
      if (share !== null) expect(share >= 0 && share <= 1).toBe(true);
    }
  });

  test('has the share that comes through the cell as it is defined', async () => {
    const fixture = gradientFlowFixture('masked-holes');
    const { outputSlope } = flowOf(fixture);
    const { shareThroughCell } = await statisticsOf('masked-holes');
    const { norms, gradients } = plain(fixture);
    const [cell, h] = [norms(gradients.dcCell), norms(tf.mul(outputSlope, gradients.dhRecurrent))];
    const expected = cell.map((one, t) => (one! + h[t]! === 0 ? null : one! / (one! + h[t]!)));
    expectNear(shareThroughCell, expected);
  });

  test('has the product of each forget gate over valid steps, and how often it is closed', async () => {
    const fixture = gradientFlowFixture('masked-wholly');
    const flow = flowOf(fixture);
    const { carousel, forgetGateClosed, validSteps } = await flowStatistics(flow);
    const f = flow.trace.f.arraySync();
    const valid = [[0, 1, 2, 3, 4, 5], [], [0, 1, 3]];
    const gatesOf = (unit: number) => valid.map((steps, b) => steps.map((t) => f[b]![t]![unit]!));
    const units = [0, 1, 2, 3, 4];
    expect(validSteps).toBe(9);
    expectNear(
      carousel,
      units.map((unit) => {
        const [first, , third] = gatesOf(unit).map((gates) => gates.reduce((product, gate) => product * gate, 1));
        return (first! + third!) / 2;
      }),
    );
    expectNear(
      forgetGateClosed,
      units.map(
        (unit) =>
          gatesOf(unit)
            .flat()
            .filter((gate) => gate < 0.1).length / 9,
      ),
    );
  });

  test("has the norms of the weights' gradients by gate, and null for the bias that there is not", async () => {
    const { gradients } = gradientFlowFixture('every-step');
    const { dWeights } = await statisticsOf('every-step');
    const normsOf = (tensor: tf.Tensor) => tf.split(tensor, 4, -1).map((one) => one.norm().dataSync()[0]!);
    expectNear(
      GATE_NAMES.map((gate) => dWeights.kernel[gate]),
      normsOf(gradients.dkernel),
    );
    expectNear(
      GATE_NAMES.map((gate) => dWeights.recurrentKernel[gate]),
      normsOf(gradients.drecurrentKernel),
    );
    expectNear(
      GATE_NAMES.map((gate) => dWeights.bias![gate]),
      normsOf(gradients.dbias),
    );
  });

  test('leaves no tensors behind, and the flow as it is', async () => {
    const flow = flowOf(gradientFlowFixture('masked-holes'));
    const { numTensors } = tf.memory();
    await flowStatistics(flow, { jacobianAt: [0, 3] });
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(flow.dh.isDisposed).toBe(false);
  });

  test('reads a flow that is disposed meanwhile all the same', async () => {
    const flow = flowOf(gradientFlowFixture('every-step'));
    const expected = await flowStatistics(flow, { jacobianAt: [1] });
    const promise = flowStatistics(flow, { jacobianAt: [1] });
    flow.dispose();
    expect(await promise).toEqual(expected);
  });
});
