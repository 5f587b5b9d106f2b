export type { GateTrace, TraceOptions } from '../layers/trace.js';
export { traceLayer } from './trace-layer.js';
