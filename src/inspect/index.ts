export type { GateTrace } from '../layers/trace.js';
export { type AblationOptions, ablateUnits, type UnitEffect } from './ablate-units.js';
export { editGates, type GateEdit, withUnits } from './edit-gates.js';
export { type TraceOptions, traceLayer } from './trace-layer.js';
