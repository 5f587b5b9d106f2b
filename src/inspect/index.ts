export type { GateTrace, TraceOptions } from '../layers/trace.js';
export type { UnitChoice } from './chosen-units.js';
export type { ModelInputs } from './model-inputs.js';
export type { CallName } from './numbered-calls.js';
export type { Direction } from './places.js';
export { traceLayer } from './trace-layer.js';
export { type LayerTrace, type TraceModelOptions, traceModel } from './trace-model.js';
