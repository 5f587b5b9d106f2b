export { GATE_NAMES, type GateName } from './core/gates.js';
