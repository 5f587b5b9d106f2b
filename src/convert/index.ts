/**
 * Converts built-in models to explicit ones, and back.
 *
 * @module explicit-lstm/convert
 */

export { FileError, type FileErrorContext } from '../formats/file-error.js';
export type { StoredArray, StoredDtype, StoredNumbers } from '../formats/stored-array.js';
export type { ConversionOptions } from './conversion.js';
export { type LoadKerasOptions, loadKeras } from './keras/load-keras.js';
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
export { toBuiltIn } from './to-built-in.js';
export { toExplicit } from './to-explicit.js';
export { type ReadTorchOptions, readTorch, type TorchModule } from './torch/read-torch.js';
export { type WriteTorchOptions, writeTorch } from './torch/write-torch.js';
