import * as tf from '@tensorflow/tfjs';
import { byQuantity, GATE_NAMES, type Quantity } from '../../src/core/quantities.js';
import { lstm } from '../../src/index.js';
import type { FlowStatistics } from '../../src/inspect/gradient/flow-types.js';
import type { GateTrace, GradientFlow, MonitorHistory } from '../../src/inspect/index.js';
import { randomNumbers } from '../random-numbers.js';

export interface TraceKind {
  timesteps: number;
  units: number;
  seed?: number;
  /** Steps that are masked: the last fifth of them, and the third. */
  isMasked?: boolean;
  /** Whether a few values are NaN or infinite. */
  hasNonFinite?: boolean;
  /** Whether the cell of the second unit counts far beyond the others. */
  hasOutlier?: boolean;
  activation?: string;
  /** Forget gates are about this far open. */
  forget?: number;
}

/** What an LSTM of such a kind may have done over a sequence: the equations, with pre-activations that wander. */
export function traceOf(kind: TraceKind): GateTrace {
  const { timesteps, units, seed = 1, isMasked = false, hasNonFinite = false, hasOutlier = false, forget = 0.8 } = kind;
  const random = randomNumbers(seed);
  const values = byQuantity(() => new Float32Array(timesteps * units));
  const logistic = (z: number) => 1 / (1 + Math.exp(-z));
  for (let unit = 0; unit < units; unit++) {
    const bias = {
      i: 4 * random() - 2,
      f: Math.log(forget / (1 - forget)) + random() - 0.5,
      g: random() - 0.5,
      o: 6 * random() - 3,
    };
    const isOutlier = hasOutlier && unit === Math.min(1, units - 1);
    let z = 0;
    let cell = 0;
    for (let t = 0; t < timesteps; t++) {
      z = 0.8 * z + 2 * random() - 1;
      const at = t * units + unit;
      const i = isOutlier ? 1 : logistic(bias.i + 2 * z);
      const f = isOutlier ? 1 : logistic(bias.f + z);
      const g = isOutlier ? 0.99 : Math.tanh(bias.g + 2 * Math.sin(t / 4 + unit) + z);
      const o = logistic(bias.o + 2 * z);
      cell = f * cell + i * g;
      values.i[at] = i;
      values.f[at] = f;
      values.g[at] = g;
      values.o[at] = o;
      values.c[at] = cell;
      values.h[at] = o * Math.tanh(cell);
    }
  }
  const mask = Array.from({ length: timesteps }, (_, t) => !isMasked || (t !== 2 && t < 0.8 * timesteps));
  for (const quantity of GATE_NAMES) {
    for (const [t, isValid] of mask.entries()) if (!isValid) values[quantity].fill(0, t * units, (t + 1) * units);
  }
  if (hasNonFinite) {
    const from = Math.floor(timesteps / 2);
    values.f[from * units] = Number.NaN;
    values.c.fill(Number.NaN, from * units, from * units + Math.ceil(units / 3));
    values.h.fill(Number.POSITIVE_INFINITY, from * units, from * units + Math.ceil(units / 3));
  }
  const sequence = (quantity: Quantity) => tf.tensor3d(values[quantity], [1, timesteps, units]);
  const sequences = byQuantity(sequence);
  const { i, f, g, o, c, h } = sequences;
  const h0 = tf.zeros([1, units]) as tf.Tensor2D;
  const c0 = tf.zeros([1, units]) as tf.Tensor2D;
  const maskTensor = isMasked ? tf.tensor2d(mask.map(Number), [1, timesteps], 'bool') : null;
  return {
    ...sequences,
    gates: { i, f, g, o },
    states: { h, c },
    initialStates: { h: h0, c: c0 },
    h0,
    c0,
    mask: maskTensor,
    units,
    activation: kind.activation ?? 'tanh',
    recurrentActivation: 'sigmoid',
    dispose() {
      tf.dispose([...Object.values(sequences), h0, c0]);
      maskTensor?.dispose();
    },
  };
}

/** A layer of random weights. */
export function layerOf(units: number, features: number, seed = 1, args: { useBias?: boolean } = {}): tf.layers.Layer {
  const layer = lstm({ units, returnSequences: true, name: 'reader', recurrentInitializer: 'zeros', ...args });
  layer.build([null, null, features]);
  const random = randomNumbers(seed);
  layer.setWeights(
    layer.getWeights().map((weight) =>
      tf.tensor(
        Float32Array.from({ length: weight.size }, () => 2 * random() - 1),
        weight.shape,
      ),
    ),
  );
  return layer;
}

/** A gradient flow as far as `gradientHistogram` reads it. */
export function flowOf(units: number, timesteps: number, scale: number, hasNonFinite = false): GradientFlow {
  const random = randomNumbers(units + timesteps);
  const normal = () => scale * (random() + random() + random() - 1.5);
  const filled = (shape: number[]) =>
    tf.tensor(Float32Array.from({ length: tf.util.sizeFromShape(shape) }, normal), shape);
  const byGate = (shape: number[]) => ({ i: filled(shape), f: filled(shape), g: filled(shape), o: filled(shape) });
  const dz = byGate([1, timesteps, units]);
  if (hasNonFinite) dz.g = tf.fill([1, timesteps, units], Number.NaN);
  const dWeights = { kernel: byGate([3, units]), recurrentKernel: byGate([units, units]), bias: byGate([units]) };
  const dh = filled([1, timesteps, units]);
  return { dh, dz, dWeights, trace: { units, mask: null } } as unknown as GradientFlow;
}

/** Statistics of a flow whose gradient shrinks by a factor at each step back. */
export function flowStatisticsOf(timesteps: number, factor: number, hasGaps = false): FlowStatistics {
  const random = randomNumbers(timesteps);
  const falling = (scale: number) =>
    Array.from({ length: timesteps }, (_, t) => {
      if (hasGaps && t % 7 === 3) return null;
      const size = scale * factor ** (timesteps - 1 - t) * (0.5 + random());
      return size > 1.2e-38 ? size : 0;
    });
  const shares = () => Array.from({ length: timesteps }, (_, t) => (hasGaps && t % 7 === 3 ? null : random()));
  return {
    batch: 1,
    timesteps,
    units: 4,
    validSteps: timesteps,
    dh: falling(1),
    dc: falling(0.4),
    dhRecurrent: falling(0.2),
    linearPath: falling(0.1),
    dz: { i: falling(0.3), f: falling(0.1), g: falling(0.5), o: falling(0.2) },
    shareThroughCell: shares(),
    shareOfLinearPath: shares(),
    retained: falling(1),
    nonFinite: { count: hasGaps ? 3 : 0, firstTimestep: hasGaps ? 3 : null },
    verdict: factor < 0.95 ? 'vanishing' : 'healthy',
    sentence: `gradient is multiplied by ${factor} at each step; unit 3's forget gate is closed 94% of the time`,
  } as unknown as FlowStatistics;
}

/** What a monitor noted over so many batches, with a warning in the middle. */
export function historyOf(records: number): MonitorHistory {
  const random = randomNumbers(records);
  const norms = () => ({ i: 1 + random(), f: 2 + random(), g: 3 + random(), o: 4 + random() });
  const gate = (n: number) => ({
    mean: 0.5 + 0.3 * Math.sin(n / 5),
    std: 0.1,
    leftSaturated: 0.2 * random(),
    rightSaturated: 0.3 * random(),
    stuckUnits: 0,
  });
  const place = { layerName: 'reader', direction: 'forward', cell: 0 } as const;
  const record = (_: unknown, n: number) => ({
    epoch: 0,
    batch: n * 10,
    step: n * 10,
    loss: 2 * 0.97 ** n + 0.05 * random(),
    gradientNorm: n === 0 ? null : 0.5 + random(),
    milliseconds: 3,
    layers: [
      {
        ...place,
        gradientNorms: { kernel: norms(), recurrentKernel: norms(), bias: null },
        weightNorms: { kernel: norms(), recurrentKernel: norms(), bias: null },
        gates: { i: gate(n), f: gate(n + 3), o: gate(n + 6), medianMemoryHorizon: 2 + n / 3 },
        flow: { timesteps: [0], dh: [1], dc: [1], verdict: 'healthy', slope: -0.3 + n / 200, sentence: '' },
      },
    ],
  });
  const warning = {
    ...place,
    kind: 'gate closed',
    severity: 'warning',
    gate: 'i',
    units: [1],
    evidence: {},
    message: 'm',
    remedy: 'r',
    epoch: 0,
    batch: 10,
    step: 10 * Math.floor(records / 2),
    timestep: null,
    lastStep: 10,
    reports: 1,
  };
  return {
    everyBatches: 10,
    keptEveryBatches: 10,
    records: Array.from({ length: records }, record),
    warnings: [warning],
  } as unknown as MonitorHistory;
}
