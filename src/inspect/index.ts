export type { GateTrace } from '../layers/trace.js';
export { type TraceOptions, traceLayer } from './trace-layer.js';
