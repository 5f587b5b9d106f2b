/**
 * Converts built-in models to explicit ones, and back.
 *
 * @module explicit-lstm/convert
 */

// Saved models name these classes.
import './keras/layers/activations.js';
import './keras/layers/causal-conv-1d.js';
import './keras/layers/elementwise.js';
import './keras/layers/fixed-normalization.js';
import './keras/layers/masked-average-1d.js';
import './keras/layers/rectifier.js';
import './keras/layers/reduction.js';
import './keras/layers/scaled-elu.js';
import './keras/layers/stretch-1d.js';
import './keras/layers/tensor-slice.js';
import './keras/layers/unit-normalization.js';

export { FileError, type FileErrorContext } from '../formats/file-error.js';
export type { StoredArray, StoredDtype, StoredNumbers } from '../formats/stored-array.js';
export type { ConversionOptions } from './conversion.js';
export { type LoadKerasOptions, loadKeras } from './keras/load-keras.js';
export { type LoadKerasWeightsOptions, loadKerasWeights } from './keras/load-keras-weights.js';
export { type SaveKerasOptions, saveKeras } from './keras/save-keras.js';
export {
  type OnnxActivation,
  type OnnxActivations,
  type OnnxLayerOptions,
  type OnnxLSTM,
  type OnnxLSTMOptions,
  type ReadOnnxOptions,
  readOnnx,
} from './onnx/read-onnx.js';
export { type WriteOnnxOptions, writeOnnx } from './onnx/write-onnx.js';
export type { Source } from './source.js';
export { type CellFromTF1Options, cellFromTF1 } from './tf1/cell-from-tf1.js';
export { type ReadTF1Options, readTF1, type TF1Source } from './tf1/read-tf1.js';
export { toBuiltIn } from './to-built-in.js';
export { toExplicit } from './to-explicit.js';
export { type ReadTorchOptions, readTorch, type TorchModule } from './torch/read-torch.js';
export { type WriteTorchOptions, writeTorch } from './torch/write-torch.js';
