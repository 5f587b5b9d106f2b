export type { GateTrace } from '../layers/trace.js';
export { editGates, type GateEdit, withUnits } from './edit-gates.js';
export { type TraceOptions, traceLayer } from './trace-layer.js';
