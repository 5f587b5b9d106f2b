import { readFileSync } from 'node:fs';
import type { InferenceSession, Tensor } from 'onnxruntime-web';
import type { Contestant } from '../contestant.js';
import type { Shape } from '../shapes.js';
import { drawValues } from '../weights.js';
import { toTimeMajor } from './gate-order.js';
import { onnxLSTM } from './lstm-model.js';

export const RUNTIMES = ['onnxruntime-web', 'onnxruntime-node'] as const;
export type Runtime = (typeof RUNTIMES)[number];

export interface OnnxContestant extends Contestant {
  release: () => Promise<void>;
}

/** An LSTM in ONNX Runtime on one thread, from an input in JavaScript's memory to the last hidden state there. */
export async function onnxContestant(runtime: Runtime, shape: Shape): Promise<OnnxContestant> {
  const { batch, timesteps, features } = shape;
  const { sessions, tensors } = await load(runtime);
  const values = drawValues(shape);
  const session = await sessions.create(onnxLSTM(readFileSync('benchmarks/onnx/onnx.proto', 'utf8'), shape, values), {
    executionProviders: [runtime === 'onnxruntime-web' ? 'wasm' : 'cpu'],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const x = toTimeMajor(values.x, batch, timesteps);
  const run = async () => {
    const { Y_h } = await session.run({ X: new tensors('float32', x, [timesteps, batch, features]) });
    return (Y_h as Tensor).data as Float32Array;
  };
  return { name: runtime, run, results: async () => [await run()], release: () => session.release() };
}

interface Loaded {
  sessions: { create: (model: Uint8Array, options: InferenceSession.SessionOptions) => Promise<InferenceSession> };
  tensors: typeof Tensor;
}

async function load(runtime: Runtime): Promise<Loaded> {
  if (runtime === 'onnxruntime-node') {
    const { InferenceSession, Tensor } = await import('onnxruntime-node');
    return { sessions: InferenceSession, tensors: Tensor };
  }
  const { env, InferenceSession, Tensor } = await import('onnxruntime-web');
  env.wasm.numThreads = 1;
  return { sessions: InferenceSession, tensors: Tensor };
}
