import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { A_FUNCTION, aNumber, CHECKED_LATER, checkOptions, type OptionRules } from '../../core/options.js';
import type { ModelInputs, ModelLabels } from '../model/model-data.js';
import type { MonitorRecord, MonitorWarning } from './history-types.js';
import { type MonitorThresholds, monitorThresholds } from './thresholds.js';
import { warningText } from './warning-log.js';

/** The options of `gateMonitor`. */
export interface GateMonitorOptions {
  /** Batches from one report to the next, starting with the first batch. Default: 10. */
  everyBatches?: number;
  /**
   * Samples over which to examine the gates, as for `traceModel`: some tens of typical samples, which must not be disposed
   * before training ends. Default: none; then only gradients, weights and the loss are watched.
   */
  inputs?: ModelInputs | null | undefined;
  /**
   * What the model should predict for `inputs`, as `fit` takes it. If given, the gradient's flow back through time is
   * watched, with the loss that the model was compiled with. Default: none.
   */
  labels?: ModelLabels | null | undefined;
  /** The largest number of records that the history holds; at least 2. Default: 200. */
  maxRecords?: number;
  /** When to warn; see `MonitorThresholds`. */
  thresholds?: Partial<MonitorThresholds>;
  /** Called with each report and the warnings that are new in it. If it returns a promise, training waits for it. */
  onReport?: (record: MonitorRecord, newWarnings: MonitorWarning[]) => unknown;
  /** Called with each new warning. Default: writes it with `console.warn`. */
  onWarning?: (warning: MonitorWarning) => unknown;
}

/** The options with their defaults put in. */
export interface MonitorSettings {
  everyBatches: number;
  inputs: ModelInputs | null;
  labels: ModelLabels | null;
  maxRecords: number;
  thresholds: MonitorThresholds;
  onReport: NonNullable<GateMonitorOptions['onReport']>;
  onWarning: NonNullable<GateMonitorOptions['onWarning']>;
}

const WHERE = 'gateMonitor';

function integerFrom(least: number) {
  return aNumber(`an integer of at least ${least}`, (value) => Number.isSafeInteger(value) && value >= least);
}

const RULES: OptionRules = {
  everyBatches: integerFrom(1),
  maxRecords: integerFrom(2),
  inputs: CHECKED_LATER,
  labels: CHECKED_LATER,
  thresholds: CHECKED_LATER,
  onReport: A_FUNCTION,
  onWarning: A_FUNCTION,
};

/** @throws RangeError for an option that breaks its rule. */
export function monitorSettings(options: GateMonitorOptions): MonitorSettings {
  checkOptions(WHERE, options, RULES);
  const inputs = options.inputs ?? null;
  const labels = options.labels ?? null;
  if (labels !== null && inputs === null) throw invalidArgument(WHERE, 'labels must come with inputs', inputs);
  const tensors = labels === null ? [] : Object.values(labels instanceof tf.Tensor ? [labels] : labels);
  const notOne = tensors.findIndex((label) => !(label instanceof tf.Tensor));
  if (notOne >= 0) throw invalidArgument(WHERE, `labels[${notOne}] must be a tensor`, tensors[notOne]);
  return {
    everyBatches: options.everyBatches ?? 10,
    maxRecords: options.maxRecords ?? 200,
    inputs,
    labels,
    thresholds: monitorThresholds(options.thresholds ?? undefined),
    onReport: options.onReport ?? (() => {}),
    onWarning: options.onWarning ?? ((warning) => console.warn(warningText(warning))),
  };
}
