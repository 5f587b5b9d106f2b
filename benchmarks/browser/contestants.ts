import * as tf from '@tensorflow/tfjs';
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { prepareKernels } from '../../src/index.js';
import type { Contestant } from '../contestant.js';
import { implementationOf, makeLayers } from '../layers.js';
import { liteRtLSTM } from '../litert/lstm-model.js';
import { toTimeMajor } from '../onnx/gate-order.js';
import { onnxLSTM } from '../onnx/lstm-model.js';
import type { Shape } from '../shapes.js';
import { drawValues } from '../weights.js';

/** Where something computes. */
export type Place = 'webgl' | 'webgpu' | 'wasm';

/** One that runs LSTMs, in a page. */
export interface Entrant {
  /** How it is chosen. */
  id: string;
  /** How a person reads it. */
  name: string;
  place: Place;
  /** Why it is known to fail, and runs only if it is asked for. */
  fails?: string;
  open(shape: Shape): Promise<Opened>;
}

/** An entrant with its layer or model. The last hidden state is what it computes forward; training adds a loss and gradients. */
export interface Opened {
  forward: Contestant;
  training: Contestant | null;
  close(): Promise<void>;
}

type Backend = Place;

setWasmPaths(new URL('tfjs/', document.baseURI).href);
setThreadsCount(1);

/** Makes a backend of tfjs the current one. */
export async function useBackend(backend: Backend | 'cpu'): Promise<void> {
  if (backend === 'webgpu') await import('@tensorflow/tfjs-backend-webgpu');
  if (!(await tf.setBackend(backend))) throw new Error(`this browser has no ${backend}`);
  await tf.ready();
}

function ofTensorFlow(kind: 'built-in' | 'fused', backend: Backend): Entrant {
  return {
    id: `${kind}-${backend}`,
    name: kind === 'fused' ? `lstm, ${backend}` : `tf.layers.lstm, ${backend}`,
    place: backend,
    async open(shape) {
      await useBackend(backend);
      await prepareKernels();
      const layers = makeLayers(shape, { plain: false, recurrentActivation: 'sigmoid' });
      const layer = kind === 'fused' ? layers.explicit : layers.builtIn;
      const { batch, timesteps, features } = shape;
      const { x } = drawValues(shape);
      const apply = () => layer.apply(tf.tensor3d(x, [batch, timesteps, features])) as tf.Tensor;
      const implementation = () => (kind === 'fused' ? implementationOf(layer) : '');
      const contestant = (compute: () => tf.Tensor[]): Contestant => ({
        name: this.name,
        run: () => readLast(compute, backend),
        results: () => readAll(compute),
        implementation,
      });
      return {
        forward: contestant(() => [apply()]),
        training: contestant(() => {
          const { value, grads } = tf.variableGrads(() => tf.mean(tf.square(apply())));
          const ofWeights = layer.trainableWeights.map((weight) => grads[(weight.read() as tf.Variable).name]);
          return [value, ...(ofWeights as tf.Tensor[])];
        }),
        close: async () => layers.dispose(),
      };
    },
  };
}

/** Computes all, and reads the last one: a graphics card does one after the other. */
async function readLast(compute: () => tf.Tensor[], backend: Backend): Promise<void> {
  const last = tf.tidy(() => compute().at(-1) as tf.Tensor);
  if (backend === 'webgpu') await last.data();
  else last.dataSync();
  last.dispose();
}

async function readAll(compute: () => tf.Tensor[]): Promise<Float32Array[]> {
  const tensors = tf.tidy(compute);
  const values = await Promise.all(tensors.map((tensor) => tensor.data<'float32'>()));
  tf.dispose(tensors);
  return values;
}

function ofOnnx(place: 'wasm' | 'webgpu'): Entrant {
  return {
    id: `onnxruntime-${place}`,
    name: `onnxruntime-web, ${place}`,
    place,
    async open(shape) {
      const { batch, timesteps, features } = shape;
      // Two builds, each with its own WebAssembly: the one for webgpu is slower on the processor.
      const { env, InferenceSession, Tensor } = await (place === 'wasm'
        ? import('onnxruntime-web/wasm')
        : import('onnxruntime-web/webgpu'));
      env.wasm.wasmPaths = new URL('onnxruntime/', document.baseURI).href;
      env.wasm.numThreads = 1;
      const schema = await (await fetch('onnx.proto')).text();
      const values = drawValues(shape);
      const session = await InferenceSession.create(onnxLSTM(schema, shape, values), {
        executionProviders: [place],
        logSeverityLevel: 3,
      });
      const x = toTimeMajor(values.x, batch, timesteps);
      const run = async () => {
        const { Y_h } = await session.run({ X: new Tensor('float32', x, [timesteps, batch, features]) });
        return (await Y_h?.getData()) as Float32Array;
      };
      return {
        forward: { name: this.name, run, results: async () => [(await run()).slice()] },
        training: null,
        close: () => session.release(),
      };
    },
  };
}

let liteRt: Promise<unknown> | null = null;

const LITE_RT: Entrant = {
  id: 'litert-wasm',
  name: 'LiteRT.js, wasm',
  place: 'wasm',
  // TensorFlow Lite 2.14 runs the same file, and computes the same.
  // Source: https://github.com/google-ai-edge/LiteRT/blob/main/litert/core/model/model_load.cc, UnpackTensor
  fails: 'LiteRT.js 2.5.3 loads no model with variable tensors, which a fused LSTM has',
  async open(shape) {
    const { batch, timesteps, features, units } = shape;
    const { loadAndCompile, loadLiteRt, Tensor } = await import('@litertjs/core');
    liteRt ??= loadLiteRt(new URL('litert/', document.baseURI).href);
    await liteRt;
    const values = drawValues(shape);
    const options = { accelerator: 'wasm', cpuOptions: { numThreads: 1 } } as const;
    const compile = () => loadAndCompile(liteRtLSTM(shape, values), options);
    const runOn = async (compiled: Awaited<ReturnType<typeof compile>>) => {
      const input = new Tensor(values.x, [batch, timesteps, features]);
      const [outputs] = (await compiled.run(input)) as [InstanceType<typeof Tensor>];
      const all = outputs.toTypedArray() as Float32Array;
      const last = new Float32Array(batch * units);
      for (let n = 0; n < batch; n++) {
        const end = (n + 1) * timesteps * units;
        last.set(all.subarray(end - units, end), n * units);
      }
      input.delete();
      outputs.delete();
      return last;
    };
    const model = await compile();
    return {
      forward: {
        name: this.name,
        run: () => runOn(model),
        // Its states go on from run to run, which takes no other time, but gives other results: a fresh one starts at 0.
        results: async () => {
          const fresh = await compile();
          const last = await runOn(fresh);
          fresh.delete();
          return [last];
        },
      },
      training: null,
      close: async () => model.delete(),
    };
  },
};

/** All that are compared, in the order of the table. */
export const ENTRANTS: readonly Entrant[] = [
  ofTensorFlow('built-in', 'webgl'),
  ofTensorFlow('fused', 'webgl'),
  ofTensorFlow('built-in', 'webgpu'),
  ofTensorFlow('fused', 'webgpu'),
  ofOnnx('webgpu'),
  ofTensorFlow('built-in', 'wasm'),
  ofTensorFlow('fused', 'wasm'),
  ofOnnx('wasm'),
  LITE_RT,
];
