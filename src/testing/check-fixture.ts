import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../core/errors.js';
import { callGradients } from './call-gradients.js';
import { compare, differs, type Tolerance, toleranceOf } from './compare.js';
import {
  type Fixture,
  type FixtureCall,
  type FixtureGates,
  type FixtureTensor,
  isStateful,
  requireFixture,
  TRACE_NAMES,
  type TraceName,
} from './fixture.js';
import { describeReport, type FixtureReport, type GateDifference, type QuantityReport } from './fixture-report.js';
import { type CallTensors, type CheckedTarget, callTensors, chainOf, runCall } from './run-call.js';
import { traceCall } from './trace-call.js';

interface Pair {
  name: string;
  kind: QuantityReport['kind'];
  expected: FixtureTensor;
  received: tf.Tensor;
}

/** Collects what is compared, and frees the tensors. */
class Findings {
  readonly quantities: QuantityReport[] = [];
  readonly notCompared: string[] = [];
  firstDifferingGate: GateDifference | null = null;

  constructor(readonly tolerance: Tolerance) {}

  async add(pairs: Pair[]): Promise<void> {
    try {
      for (const { name, kind, expected, received } of pairs) {
        if (!tf.util.arraysEqual(received.shape, expected.shape)) {
          throw invalidArgument(
            'checkFixture',
            `${name} must have shape [${expected.shape.join(', ')}]`,
            received.shape,
          );
        }
        this.quantities.push({ name, kind, ...compare(expected, await received.data(), this.tolerance) });
      }
    } finally {
      tf.dispose(pairs.map(({ received }) => received));
    }
  }
}

type TraceValues = Record<TraceName, Float32Array>;

/** Finds the first gate that differs in the order of computation, in one LSTM. */
function firstDifferingGate(
  expected: FixtureGates,
  received: TraceValues,
  tolerance: Tolerance,
): GateDifference | null {
  const [batch, timesteps, units] = expected.i.shape as [number, number, number];
  const { layer, cell, direction } = expected;
  for (let step = 0; step < timesteps; step++) {
    const timestep = direction === 'backward' ? timesteps - 1 - step : step;
    for (const gate of TRACE_NAMES) {
      for (let row = 0; row < batch * units; row++) {
        const sample = Math.floor(row / units);
        const unit = row % units;
        const flat = (sample * timesteps + timestep) * units + unit;
        const wanted = expected[gate].values[flat] as number;
        const found = received[gate][flat] as number;
        if (differs(wanted, found, tolerance)) {
          const index = [sample, timestep, unit];
          return { gate, layer, cell, direction, sample, timestep, unit, index, expected: wanted, received: found };
        }
      }
    }
  }
  return null;
}

function gateSuffix({ layer, direction, cell }: FixtureGates, isOnly: boolean): string {
  return isOnly ? '' : ` (layer ${layer}, ${direction}, cell ${cell})`;
}

async function compareGates(
  target: CheckedTarget,
  { gates }: Fixture,
  call: CallTensors,
  found: Findings,
): Promise<void> {
  const chain = chainOf(target);
  const traces = chain === null ? null : traceCall(chain, call);
  if (traces === null) {
    found.notCompared.push(
      'the gates, which are compared only for a single LSTM layer or a model made by fixtureModel',
    );
    return;
  }
  const pairs = gates.flatMap((expected, index) =>
    TRACE_NAMES.map((name) => ({
      name: `${'ch'.includes(name) ? 'state' : 'gate'} ${name}${gateSuffix(expected, gates.length === 1)}`,
      kind: 'gate' as const,
      expected: expected[name],
      received: traces[index]?.[name] as tf.Tensor,
    })),
  );
  const values: TraceValues[] = [];
  for (const trace of traces) {
    const data = await Promise.all(TRACE_NAMES.map(async (name) => [name, await trace[name].data()]));
    values.push(Object.fromEntries(data) as TraceValues);
  }
  await found.add(pairs);
  for (const [index, expected] of gates.entries()) {
    found.firstDifferingGate ??= firstDifferingGate(expected, values[index] as TraceValues, found.tolerance);
  }
}

async function compareOutputs(
  target: CheckedTarget,
  call: CallTensors,
  { outputs }: FixtureCall,
  suffix: string,
  found: Findings,
): Promise<void> {
  const received = runCall(target, call);
  if (received.length !== outputs.length) {
    tf.dispose(received);
    const names = outputs.map(({ name }) => name).join(', ');
    throw invalidArgument('checkFixture', `there must be ${outputs.length} outputs [${names}]`, received.length);
  }
  await found.add(
    outputs.map((expected, index) => ({
      name: expected.name + suffix,
      kind: 'output' as const,
      expected,
      received: received[index] as tf.Tensor,
    })),
  );
}

async function compareGradients(
  target: CheckedTarget,
  { gradients: expected, weights }: Fixture,
  call: CallTensors,
  found: Findings,
): Promise<void> {
  if (expected === null) return;
  if (target.weights.length !== weights.length) {
    found.notCompared.push(
      `the gradients: the model has ${target.weights.length} weights, the fixture ${weights.length}`,
    );
    return;
  }
  const received = callGradients(target, call, expected.cotangents);
  const loss = { shape: [], values: Float32Array.of(expected.loss) };
  const named = [
    ...expected.weights.map((weight, index) => ({ ...weight, received: received.weights[index] as tf.Tensor })),
    { name: 'input', ...expected.input, received: received.input },
    ...expected.initialStates.map((state, index) => ({
      ...state,
      name: `initial ${state.name}`,
      received: received.initialStates[index] as tf.Tensor,
    })),
  ];
  await found.add([
    { name: 'loss of the gradients', kind: 'gradient', expected: loss, received: received.loss },
    ...named.map(({ name, received, ...tensor }) => ({
      name: `gradient of ${name}`,
      kind: 'gradient' as const,
      expected: tensor,
      received,
    })),
  ]);
}

function resetStates(target: CheckedTarget): void {
  (target as Partial<tf.LayersModel>).resetStates?.();
}

/**
 * Replays a fixture and compares the outputs of every call, the gates at every timestep, and the gradients of the first
 * call.
 *
 * ```ts
 * const report = await checkFixture(fixtureModel(fixture), fixture);
 * if (!report.passed) throw new Error(report.message);
 * ```
 *
 * @param layerOrModel A layer that has been applied once, or a model, with the fixture's weights: your own, or that of
 *   `fixtureModel`. The inputs of a model are x [B, T, D], then the mask [B, T] if the fixture has one and the model does
 *   not compute it, then the initial states. tfjs calls a layer of a model once for each of its outputs, so pass a
 *   stateful layer with returnState by itself. Stateful layers are reset first and keep the states of the last call.
 * @param options `atol`, `rtol`: |received - expected| <= atol + rtol * |expected|; both default to 1e-5.
 * @throws RangeError if the number of outputs or a shape differs; numbers that differ are reported, not thrown.
 * @category Fixtures
 */
export async function checkFixture(
  layerOrModel: CheckedTarget,
  fixture: Fixture,
  options: Partial<Tolerance> = {},
): Promise<FixtureReport> {
  const tolerance = toleranceOf('checkFixture', options);
  if (!(layerOrModel instanceof tf.layers.Layer)) {
    throw invalidArgument('checkFixture', 'layerOrModel must be a layer or a model', layerOrModel);
  }
  requireFixture('checkFixture', fixture);
  if (!layerOrModel.built) {
    // tfjs's RNN is built by apply only: after build alone the next apply would add the weights a second time.
    throw invalidArgument('checkFixture', 'the layer must have been applied once, which builds it', layerOrModel.name);
  }
  const found = new Findings(tolerance);
  const stateful = isStateful(fixture.config);
  for (const [index, call] of fixture.calls.entries()) {
    const tensors = callTensors(call);
    try {
      const fresh = index === 0 || call.resetStates;
      if (stateful && fresh) resetStates(layerOrModel);
      if (index === 0) await compareGates(layerOrModel, fixture, tensors, found);
      // Between the layers of a sequential, tracing moves the states on.
      if (stateful && fresh) resetStates(layerOrModel);
      await compareOutputs(layerOrModel, tensors, call, fixture.calls.length > 1 ? ` (call ${index})` : '', found);
      if (index === 0) await compareGradients(layerOrModel, fixture, tensors, found);
    } finally {
      tf.dispose([tensors.x, ...(tensors.mask === null ? [] : [tensors.mask]), ...tensors.initialState]);
    }
  }
  const { quantities, firstDifferingGate, notCompared } = found;
  const passed = quantities.every((quantity) => quantity.passed);
  const report = { fixture: fixture.name, passed, quantities, firstDifferingGate, notCompared };
  return { ...report, message: describeReport(report) };
}
