export type { GateTrace } from '../layers/trace.js';
export { type DescriptionOptions, describeStatistics } from './describe-statistics.js';
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
