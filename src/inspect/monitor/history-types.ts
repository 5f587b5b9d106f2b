import type { ByGate } from '../../core/gates.js';
import type { ByWeight } from '../../core/weights.js';
import type { Finding } from '../diagnose/finding.js';
import type { FlowVerdict } from '../gradient/flow-types.js';
import type { Direction } from '../model/find-lstms.js';

/**
 * What `gateMonitor` recorded while a model trained. Plain data that survives JSON unchanged, because numbers that are not
 * finite are null.
 */
export interface MonitorHistory {
  /** Batches between two reports, as set in the options. */
  everyBatches: number;
  /** Batches between two records: `everyBatches`, doubled whenever there were too many records. */
  keptEveryBatches: number;
  /** Oldest first. */
  records: MonitorRecord[];
  /** What went wrong: one entry for each kind, layer and gate, in the order of first appearance. */
  warnings: MonitorWarning[];
}

/** The batch at which something was seen. */
export interface MonitoredBatch {
  /** Counted from 0. */
  epoch: number;
  /** Within the epoch, counted from 0. */
  batch: number;
  /** Since training began, counted from 0. */
  step: number;
}

/** What was measured at one batch. */
export interface MonitorRecord extends MonitoredBatch {
  /** The training loss of this batch; null if it is not finite. */
  loss: number | null;
  /**
   * L2 norm of the gradient with respect to all trainable weights of the model, before any clipping, as the optimizer got it;
   * null if it is not finite or was not observed.
   */
  gradientNorm: number | null;
  /** How long the measurement took. */
  milliseconds: number;
  /** One entry for each LSTM, in the model's order. */
  layers: MonitoredLayer[];
}

/** What was measured in one LSTM, which `layerName`, `direction` and `cell` identify. */
export interface MonitoredLayer {
  /** The layer's name, with its path in nested models; if it is wrapped, the wrapper's name. */
  layerName: string;
  direction: Direction;
  /** Index among stacked cells; 0 if cells are not stacked. */
  cell: number;
  /** Norms of this batch's gradient, before any clipping; null if the layer is frozen or the gradient was not observed. */
  gradientNorms: MonitoredNorms | null;
  /** Norms of the weights after this batch. */
  weightNorms: MonitoredNorms;
  /** What the gates do over `inputs`; null without `inputs`. */
  gates: MonitoredGates | null;
  /** How the gradient flows back through time, over `inputs` and `labels`; null without `labels`. */
  flow: MonitoredFlow | null;
}

/** Frobenius norms by gate, null if not finite. Without bias, `bias` is null. Of a variant as in `WeightNormsByGate`. */
export type MonitoredNorms = ByWeight<ByGate<number | null>>;

/**
 * What the gates of one LSTM do, over all its calls, samples, units and valid steps. Of a variant there is an entry for each
 * of its cell's own gates and states, as in `GateStatistics`.
 */
export interface MonitoredGates {
  i: MonitoredGate;
  f: MonitoredGate;
  o: MonitoredGate;
  g: MonitoredValue;
  c: MonitoredValue;
  h: MonitoredValue;
  /** In timesteps: the lower median over the units of -1 / mean(ln f); null if it is infinite or undefined. */
  medianMemoryHorizon: number | null;
}

export interface MonitoredGate {
  mean: number | null;
  std: number | null;
  /** Fraction of values below `thresholds.low`, mean over the units. */
  leftSaturated: number | null;
  /** Fraction of values above `thresholds.high`, mean over the units. */
  rightSaturated: number | null;
  /** Fraction of the units whose gate is stuck: closed or open at nearly every step. */
  stuckUnits: number;
}

export interface MonitoredValue {
  mean: number | null;
  std: number | null;
  min: number | null;
  max: number | null;
}

/** Gradient norms over time; for a layer called several times, those of the call in which they change fastest. */
export interface MonitoredFlow {
  /** The timesteps of the norms, ascending: all, or 64 evenly spaced ones if there are more. */
  timesteps: number[];
  /** Norms of the total derivative of the loss with respect to h after each timestep: L2 over units, mean over samples. */
  dh: (number | null)[];
  /** The same with respect to c. */
  dc: (number | null)[];
  /** Null if there is no gradient to judge by. */
  verdict: FlowVerdict | null;
  /** Mean natural logarithm of the factor by which crossing a step multiplies the gradient; null if the verdict is. */
  slope: number | null;
  /** What it means, in words. */
  sentence: string;
}

/** A finding, when it was first seen, and for how long. */
export interface MonitorWarning extends Finding, MonitoredBatch {
  /** The step of the last report that saw it. */
  lastStep: number;
  /** How many reports saw it. */
  reports: number;
}
