import * as tf from '@tensorflow/tfjs';
import { sharing } from '../core/sharing.js';

/**
 * Another tensor of the same data, as tfjs makes one of what an op returns, but without an op: no gradient passes through
 * it. An op takes ten times as long, and longer yet where gradients are recorded.
 *
 * Reliance: `engine().state.tensorInfo` tells whose data are; a backend counts the tensors of its data by `incRef`, and
 * `makeTensorFromTensorInfo` makes one more. Checked each time, by their types. Fallback: an op.
 */
export function sharingData<T extends tf.Tensor>(tensor: T): T {
  const engine = tf.engine();
  const { backend } = engine;
  const { dataId, dtype } = tensor;
  const info: { backend?: unknown } | undefined = engine.state?.tensorInfo?.get?.(dataId);
  const isHere = info !== undefined && info.backend === backend && dtype !== 'string' && dtype !== 'complex64';
  if (!isHere || typeof backend.incRef !== 'function' || typeof engine.makeTensorFromTensorInfo !== 'function') {
    return sharing(tensor);
  }
  backend.incRef(dataId);
  return engine.makeTensorFromTensorInfo({ dataId, dtype, shape: tensor.shape }, backend) as T;
}
