export type { GateTrace, TraceOptions } from '../layers/trace.js';
export type { UnitChoice } from './chosen-units.js';
export type { ModelInputs } from './model-inputs.js';
export type { CallName } from './numbered-calls.js';
export type { Direction } from './places.js';
export { type CallSize, type TraceSize, traceBytes, traceLayerBytes } from './trace-bytes.js';
export { traceLayer } from './trace-layer.js';
export { type LayerTrace, type TraceModelOptions, traceModel } from './trace-model.js';
export {
  type SampleRange,
  type TraceModelBatchesOptions,
  traceModelBatches,
} from './trace-model-batches.js';
