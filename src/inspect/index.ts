export type { GateTrace, TraceOptions } from '../layers/trace.js';
export { type AblationOptions, ablateUnits, type UnitEffect } from './ablate-units.js';
export type { UnitChoice } from './chosen-units.js';
export { type DescriptionOptions, describeStatistics } from './describe-statistics.js';
export { describeFindings } from './diagnose/describe-findings.js';
export { diagnose } from './diagnose/diagnose.js';
export type { Finding, FindingKind, Severity } from './diagnose/finding.js';
export { DEFAULT_THRESHOLDS, type DiagnosisThresholds } from './diagnose/thresholds.js';
export { editGates, type GateEdit } from './edit-gates.js';
export { gateStatistics } from './gate-statistics.js';
export type { ModelInputs } from './model-inputs.js';
export type { CallName } from './numbered-calls.js';
export type { Direction } from './places.js';
export type { Quantity } from './quantities.js';
export { type GateStatisticsAccumulator, gateStatisticsAccumulator } from './statistics-accumulator.js';
export type {
  GateStatistics,
  GateStatisticsOptions,
  GateSummary,
  NonFiniteValues,
  ValueSummary,
} from './statistics-types.js';
export { type CallSize, type TraceSize, traceBytes, traceLayerBytes } from './trace-bytes.js';
export { traceLayer } from './trace-layer.js';
export { type LayerTrace, type TraceModelOptions, traceModel } from './trace-model.js';
export {
  type SampleRange,
  type TraceModelBatchesOptions,
  traceModelBatches,
} from './trace-model-batches.js';
export { type WeightNormsByGate, weightNormsByGate } from './weight-norms-by-gate.js';
export { type WeightsByGate, weightsByGate } from './weights-by-gate.js';
export { withUnits } from './with-units.js';
