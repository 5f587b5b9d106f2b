import type { ByGate } from '../../core/gates.js';
import type { ByWeight } from '../../core/weights.js';
import type { Finding } from '../diagnose/finding.js';
import type { FlowVerdict } from '../gradient/flow-types.js';
import type { Direction } from '../model/places.js';

/**
 * What `gateMonitor` noted while a model trained. Plain data: JSON gives it back unchanged, as a number that is not
 * finite is null.
 */
export interface MonitorHistory {
  /** Batches between two reports, as it was asked for. */
  everyBatches: number;
  /** Batches between two kept records: `everyBatches`, doubled whenever there were too many of them. */
  keptEveryBatches: number;
  /** Oldest first. */
  records: MonitorRecord[];
  /** What went wrong, one entry for each kind, layer and gate, in the order of its first appearance. */
  warnings: MonitorWarning[];
}

/** Which batch something was seen at. */
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
  /** Of this batch, in training; null where it is not finite. */
  loss: number | null;
  /**
   * L2 norm of the gradient with respect to all trainable weights of the model, before any clipping, as the optimizer got
   * it; null where it is not finite or was not observed.
   */
  gradientNorm: number | null;
  /** How long the measuring took. */
  milliseconds: number;
  /** One entry for each LSTM, in the model's order. */
  layers: MonitoredLayer[];
}

/** What was measured of one LSTM. `layerName`, `direction` and `cell` tell it from others. */
export interface MonitoredLayer {
  /** The layer's name, with its path in nested models; a wrapper's name where it is wrapped. */
  layerName: string;
  direction: Direction;
  /** Index among stacked cells; 0 where cells are not stacked. */
  cell: number;
  /** Of the gradient of this batch, before any clipping; null where the layer is frozen or it was not observed. */
  gradientNorms: MonitoredNorms | null;
  /** Of the weights after this batch. */
  weightNorms: MonitoredNorms;
  /** What the gates do over `inputs`; null without `inputs`. */
  gates: MonitoredGates | null;
  /** How the gradient flows back through time, over `inputs` and `labels`; null without `labels`. */
  flow: MonitoredFlow | null;
}

/** Frobenius norms by gate, null where one is not finite; without bias that of the bias is null as a whole. */
export type MonitoredNorms = ByWeight<ByGate<number | null>>;

/** What the gates of one LSTM do, over all its calls, samples, units and valid steps. */
export interface MonitoredGates {
  i: MonitoredGate;
  f: MonitoredGate;
  o: MonitoredGate;
  g: MonitoredValue;
  c: MonitoredValue;
  h: MonitoredValue;
  /** In timesteps: the lower median over the units of -1 / mean(ln f); null where it is infinite or undefined. */
  medianMemoryHorizon: number | null;
}

export interface MonitoredGate {
  mean: number | null;
  std: number | null;
  /** Fraction of values that are below 0.1, the mean over the units. */
  leftSaturated: number | null;
  /** Fraction of values that are above 0.9, the mean over the units. */
  rightSaturated: number | null;
  /** Fraction of the units whose gate is closed or open at nearly every step. */
  stuckUnits: number;
}

export interface MonitoredValue {
  mean: number | null;
  std: number | null;
  min: number | null;
  max: number | null;
}

/** Gradient norms over time; of a layer that is called several times, of the call where they change fastest. */
export interface MonitoredFlow {
  /** Which timesteps the norms are of, ascending: all, or 64 evenly chosen ones where there are more. */
  timesteps: number[];
  /** Of the total derivative of the loss with respect to h after each of `timesteps`: L2 over units, mean over samples. */
  dh: (number | null)[];
  /** The same with respect to c. */
  dc: (number | null)[];
  /** Null where there is no gradient to judge by. */
  verdict: FlowVerdict | null;
  /** Mean natural logarithm of what the gradient is multiplied by where it crosses a step backwards; null as the verdict. */
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
