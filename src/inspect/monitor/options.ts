import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import { A_FUNCTION, aNumber, CHECKED_LATER, checkOptions, type OptionRules } from '../../core/options.js';
import type { ModelInputs, ModelLabels } from '../model/model-data.js';
import type { MonitorRecord, MonitorWarning } from './history-types.js';
import { type MonitorThresholds, monitorThresholds } from './thresholds.js';
import { warningText } from './warning-log.js';

export interface GateMonitorOptions {
  /** Batches from one report to the next; the first batch has one. Default: 10. */
  everyBatches?: number;
  /**
   * Samples on which to look at the gates, as for `traceModel`: some tens that are like the rest, which must live as long
   * as the training. Without them, only gradients, weights and the loss are watched.
   */
  inputs?: ModelInputs | null | undefined;
  /**
   * What the model is to answer to `inputs`, as `fit` takes it. With them, the gradient's flow back through time is
   * watched, by the loss that the model was compiled with.
   */
  labels?: ModelLabels | null | undefined;
  /** How many records the history holds at most, at least 2. Default: 200. */
  maxRecords?: number;
  /** When to warn; see `MonitorThresholds`. */
  thresholds?: Partial<MonitorThresholds>;
  /** Gets each report, with the warnings that are new in it. A promise is waited for. */
  onReport?: (record: MonitorRecord, newWarnings: MonitorWarning[]) => unknown;
  /** Gets each new warning. Default: writes it to `console.warn`. */
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
