/**
 * Tools to inspect the LSTMs of a model, of this package or of tfjs.
 *
 * @module explicit-lstm/inspect
 */

export type { Quantity } from '../core/quantities.js';
export { isOutOfMemory } from '../host/out-of-memory.js';
export type { GateTrace, TraceOptions } from '../layers/trace.js';
export { describeFindings } from './diagnose/describe-findings.js';
export { type DiagnosisOptions, diagnose } from './diagnose/diagnose.js';
export type { Finding, FindingKind, Severity } from './diagnose/finding.js';
export { DEFAULT_THRESHOLDS, type DiagnosisThresholds } from './diagnose/thresholds.js';
export { type CallFlowSize, type FlowSize, gradientFlowBytes, gradientFlowModelBytes } from './gradient/flow-bytes.js';
export { flowStatistics } from './gradient/flow-statistics.js';
export type * from './gradient/flow-types.js';
export { type GradientFlowOptions, gradientFlow, type SequenceLoss } from './gradient/gradient-flow.js';
export { type GradientFlowModelOptions, gradientFlowModel } from './gradient/gradient-flow-model.js';
export { type InputSensitivityOptions, inputSensitivity } from './gradient/input-sensitivity.js';
export type { PerOutput } from './gradient/model-loss.js';
export { type AblationOptions, ablateUnits, type UnitEffect } from './intervene/ablate-units.js';
export { editGates, type GateEdit } from './intervene/edit-gates.js';
export { withUnits } from './intervene/with-units.js';
export type { Direction } from './model/find-lstms.js';
export type { ModelInputs, ModelLabels, ModelLoss } from './model/model-data.js';
export { OutOfMemoryError } from './model/out-of-memory.js';
export { type GateMonitor, gateMonitor } from './monitor/gate-monitor.js';
export type {
  MonitoredBatch,
  MonitoredFlow,
  MonitoredGate,
  MonitoredGates,
  MonitoredLayer,
  MonitoredNorms,
  MonitoredValue,
  MonitorHistory,
  MonitorRecord,
  MonitorWarning,
} from './monitor/history-types.js';
export type { GateMonitorOptions } from './monitor/options.js';
export { DEFAULT_MONITOR_THRESHOLDS, type MonitorThresholds } from './monitor/thresholds.js';
export type { Snippet } from './search/find-snippets.js';
export type { StepMatch } from './search/find-steps.js';
export type { Step, UnitMatch } from './search/find-units.js';
export { type MatchStepsOptions, matchSteps } from './search/match-steps.js';
export type { StepSpan } from './search/searched-sequence.js';
export type { OnOptions, SpanToSelect, TracesToSearch, TraceToSearch } from './search/searched-traces.js';
export { type TopSnippetsOptions, topSnippets } from './search/top-snippets.js';
export { type TraceValues, traceValues } from './search/trace-values.js';
export { type StepSelection, unitsOn } from './search/units-on.js';
export { type DescriptionOptions, describeStatistics } from './statistics/describe-statistics.js';
export { gateStatistics } from './statistics/gate-statistics.js';
export type { GateStatistics } from './statistics/layer-statistics.js';
export { type GateStatisticsAccumulator, gateStatisticsAccumulator } from './statistics/statistics-accumulator.js';
export type {
  GateStatisticsOptions,
  GateSummary,
  NonFiniteValues,
  ValueSummary,
} from './statistics/statistics-types.js';
export type { UnitChoice } from './trace/chosen-units.js';
export type { CallName } from './trace/numbered-calls.js';
export { type CallSize, type TraceSize, traceBytes, traceLayerBytes } from './trace/trace-bytes.js';
export { traceLayer } from './trace/trace-layer.js';
export { type LayerTrace, type TraceModelOptions, traceModel } from './trace/trace-model.js';
export {
  type SampleRange,
  type TraceModelBatchesOptions,
  traceModelBatches,
} from './trace/trace-model-batches.js';
export { type WeightNormsByGate, weightNormsByGate } from './weights/weight-norms-by-gate.js';
export { type WeightsByGate, weightsByGate } from './weights/weights-by-gate.js';
