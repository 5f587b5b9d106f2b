export type { GateTrace } from '../layers/trace.js';
export { type AblationOptions, ablateUnits, type UnitEffect } from './ablate-units.js';
export { type DescriptionOptions, describeStatistics } from './describe-statistics.js';
export { editGates, type GateEdit, withUnits } from './edit-gates.js';
export { gateStatistics } from './gate-statistics.js';
export type { Quantity } from './quantities.js';
export { type GateStatisticsAccumulator, gateStatisticsAccumulator } from './statistics-accumulator.js';
export type {
  GateStatistics,
  GateStatisticsOptions,
  GateSummary,
  NonFiniteValues,
  ValueSummary,
} from './statistics-types.js';
export { type TraceOptions, traceLayer } from './trace-layer.js';
export { type WeightNormsByGate, weightNormsByGate } from './weight-norms-by-gate.js';
export { type WeightsByGate, weightsByGate } from './weights-by-gate.js';
