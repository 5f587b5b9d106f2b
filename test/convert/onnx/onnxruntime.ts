import * as tf from '@tensorflow/tfjs';
import { InferenceSession, Tensor } from 'onnxruntime-node';

/** Runs an ONNX file in ONNX Runtime, and returns its outputs by name; the caller disposes them. */
export async function runOnnx(
  bytes: Uint8Array,
  inputs: Readonly<Record<string, tf.Tensor>>,
): Promise<Record<string, tf.Tensor>> {
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  try {
    const feeds: Record<string, Tensor> = {};
    for (const [name, tensor] of Object.entries(inputs)) {
      feeds[name] = new Tensor('float32', tensor.dataSync() as Float32Array, tensor.shape);
    }
    const results = await session.run(feeds);
    const outputs: Record<string, tf.Tensor> = {};
    for (const [name, { data, dims }] of Object.entries(results)) {
      outputs[name] = tf.tensor(Float32Array.from(data as Float32Array), [...dims]);
    }
    return outputs;
  } finally {
    await session.release();
  }
}
