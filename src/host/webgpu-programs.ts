import * as tf from '@tensorflow/tfjs';
import { lostDevice } from './lost-device.js';

/** A compute program of tfjs's webgpu backend: WGSL with `fn main(index: i32)`, over inputs that are arrays by name. */
export interface WebGPUProgram {
  code: string;
  /** By name, with how many numbers an element of the array is; those that are null are left out. All must be used. */
  inputs: Readonly<Record<string, readonly [tensor: tf.Tensor | null, components: 1 | 4]>>;
  /** `vec4<i32>`s, by name. */
  uniforms: Readonly<Record<string, readonly number[]>>;
  workgroups: number;
  /** In a workgroup. */
  threads: number;
}

/** What is used of tfjs's webgpu backend, none of which it documents. */
interface WebGPUBackend extends tf.KernelBackend {
  device: {
    limits: Record<'maxComputeWorkgroupStorageSize' | 'maxStorageBufferBindingSize', number>;
    lost: Promise<{ reason: string }>;
  };
  commandEncoder: unknown;
  endComputePassEncoder(): void;
  submitQueue(): void;
  runWebGPUProgram(
    program: object,
    inputs: tf.Tensor[],
    dtype: tf.DataType,
    uniforms: { type: 'int32'; data: number[] }[],
    output?: tf.Tensor,
  ): tf.TensorInfo;
}

/** What tfjs's webgpu backend runs programs on. */
export interface WebGPUPrograms {
  /** The most bytes that a workgroup may share, and that a tensor may have. */
  readonly sharedBytes: number;
  readonly tensorBytes: number;
  /** Has a program fill a new tensor of a number of elements, or go on with one that it left. */
  run(program: WebGPUProgram, output: number | tf.Tensor): tf.Tensor;
  /** Sends off what waits: an invalid program would take down what is sent with it. */
  submit(): void;
  /** @throws Error where the browser has taken the device away. */
  requireDevice(): void;
}

const opened = new WeakMap<tf.KernelBackend, WebGPUPrograms | null>();

/**
 * Opens the programs of tfjs's webgpu backend.
 *
 * Reliance: `backend.runWebGPUProgram`, how it declares inputs, output and uniforms, `submitQueue` and what belongs to it, and
 * `backend.device`. Checked here only as far as they are there: what programs compute cannot be read at once, and an invalid one
 * does not throw but leaves what was there, so whoever runs them compares what they computed. Fallback: null.
 */
export function openWebGPUPrograms(backend: tf.KernelBackend): WebGPUPrograms | null {
  let found = opened.get(backend);
  if (found !== undefined) return found;
  found = connect(backend as WebGPUBackend);
  opened.set(backend, found);
  return found;
}

function connect(backend: WebGPUBackend): WebGPUPrograms | null {
  const { device } = backend;
  const sharedBytes = device?.limits?.maxComputeWorkgroupStorageSize;
  const tensorBytes = device?.limits?.maxStorageBufferBindingSize;
  const { runWebGPUProgram, endComputePassEncoder, submitQueue } = backend;
  const methods = [runWebGPUProgram, endComputePassEncoder, submitQueue, device?.lost?.then];
  const isThere = methods.every((method) => typeof method === 'function');
  if (!isThere || typeof sharedBytes !== 'number' || typeof tensorBytes !== 'number') return null;
  let isLost = false;
  device.lost.then(() => {
    isLost = true;
  });
  return {
    sharedBytes,
    tensorBytes,
    run: ({ code, inputs, uniforms, workgroups, threads }, output) => {
      const given = Object.entries(inputs).filter(([, [tensor]]) => tensor !== null);
      const size = typeof output === 'number' ? output : output.size;
      const program = {
        variableNames: given.map(([name]) => name),
        variableComponents: given.map(([, [, components]]) => components),
        outputShape: [size],
        uniforms: Object.keys(uniforms)
          .map((name) => `${name} : vec4<i32>, `)
          .join(''),
        workgroupSize: [threads, 1, 1],
        dispatchLayout: { x: [0] },
        dispatch: [workgroups, 1, 1],
        // By this tfjs finds the pipeline again: another copy of this package may be of another version.
        shaderKey: code,
        getUserCode: () => code,
      };
      const tensors = given.map(([, [tensor]]) => tensor as tf.Tensor);
      const values = Object.values(uniforms).map((data) => ({ type: 'int32' as const, data: [...data] }));
      const existing = typeof output === 'number' ? undefined : output;
      const info = backend.runWebGPUProgram(program, tensors, 'float32', values, existing);
      return existing ?? tf.engine().makeTensorFromTensorInfo(info);
    },
    submit: () => {
      if (!backend.commandEncoder) return;
      backend.endComputePassEncoder();
      backend.submitQueue();
    },
    requireDevice: () => {
      if (isLost) throw lostDevice('webgpu', 'GPU device');
    },
  };
}
