import * as tf from '@tensorflow/tfjs';

const OP = 'UnsortedSegmentSum';
const BACKEND = 'wasm';

let users = 0;

/**
 * Makes models with an `Embedding` layer trainable on tfjs's wasm backend: the gradient of `tf.gather` needs the op
 * `UnsortedSegmentSum`, which that backend lacks. It registers one, only where there is none; other backends stay as they
 * are. `tf.unsortedSegmentSum` then works there as well. As in TensorFlow, rows of an id below 0 are left out; so are those
 * of an id that is too large.
 *
 * ```ts
 * enableEmbeddingTraining(); // before or after `tf.setBackend('wasm')`
 * await model.fit(x, y);
 * ```
 *
 * @returns A function that undoes it, and may be called more than once. Of several calls, the last undo removes the op.
 * @throws Nothing.
 * @category Training
 */
export function enableEmbeddingTraining(): () => void {
  if (users === 0 && tf.getKernel(OP, BACKEND) != null) return () => {};
  if (users === 0) tf.registerKernel({ kernelName: OP, backendName: BACKEND, kernelFunc: unsortedSegmentSum });
  users += 1;
  let isUndone = false;
  return () => {
    if (isUndone) return;
    isUndone = true;
    users -= 1;
    if (users === 0) tf.unregisterKernel(OP, BACKEND);
  };
}

/** Sums the rows of `x` [...S, ...R] that `segmentIds` [...S] give the same id: [numSegments, ...R]. */
const unsortedSegmentSum: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const { x, segmentIds } = inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo };
  const numSegments = (attrs as unknown as { numSegments: number }).numSegments;
  const { readSync, write } = backend as tf.KernelBackend;
  const values = readSync.call(backend, x.dataId) as Float32Array | Int32Array;
  const ids = readSync.call(backend, segmentIds.dataId) as Int32Array;
  const rowShape = x.shape.slice(segmentIds.shape.length);
  const width = tf.util.sizeFromShape(rowShape);
  const sums = x.dtype === 'int32' ? new Int32Array(numSegments * width) : new Float32Array(numSegments * width);
  for (const [row, id] of ids.entries()) {
    if (id < 0 || id >= numSegments) continue;
    const from = row * width;
    const to = id * width;
    for (let n = 0; n < width; n++) sums[to + n] = (sums[to + n] as number) + (values[from + n] as number);
  }
  const shape = [numSegments, ...rowShape];
  return { dataId: write.call(backend, sums, shape, x.dtype), shape, dtype: x.dtype };
};
