import { setThreadsCount } from '@tensorflow/tfjs-backend-wasm';

/**
 * Keeps every contestant to one thread, before a backend is loaded. ONNX Runtime is told by its sessions.
 *
 * @returns How, in words.
 */
export function limitThreads(): string {
  // TensorFlow reads them when it is first used; what the caller's environment says comes first.
  process.env.TF_NUM_INTRAOP_THREADS ??= '1';
  process.env.TF_NUM_INTEROP_THREADS ??= '1';
  process.env.OMP_NUM_THREADS ??= '1';
  setThreadsCount(1);
  const { TF_NUM_INTRAOP_THREADS, TF_NUM_INTEROP_THREADS } = process.env;
  return `Threads: TensorFlow ${TF_NUM_INTRAOP_THREADS} (and ${TF_NUM_INTEROP_THREADS} between ops), all others 1`;
}
