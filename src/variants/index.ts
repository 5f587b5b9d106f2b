export { PeepholeCell, type PeepholeCellArgs, peepholeCell } from './peephole-cell.js';
