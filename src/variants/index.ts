/**
 * The LSTMs of the literature that are not the plain one, as cells for `lstm({ cell })`.
 *
 * @module explicit-lstm/variants
 */

export { BasicLSTMCell, type BasicLSTMCellArgs, basicLSTMCell } from './basic-lstm-cell.js';
export { GreffCell, type GreffCellArgs, type GreffVariant, greffCell } from './greff-cell.js';
export { GruCell, type GruCellArgs, gruCell } from './gru-cell.js';
export { JanetCell, type JanetCellArgs, janetCell } from './janet-cell.js';
export { LayerNormCell, type LayerNormCellArgs, type LayerNormConvention, layerNormCell } from './layer-norm-cell.js';
export { MLSTMCell, type MLSTMCellArgs, mLSTMCell } from './mlstm-cell.js';
export { MultiplicativeCell, type MultiplicativeCellArgs, multiplicativeCell } from './multiplicative-cell.js';
export { PeepholeCell, type PeepholeCellArgs, peepholeCell } from './peephole-cell.js';
export { SLSTMCell, type SLSTMCellArgs, sLSTMCell } from './slstm-cell.js';
