import * as tf from '@tensorflow/tfjs';
import { openWebGPUPrograms, type WebGPUPrograms } from '../../src/host/webgpu-programs.js';
import { useBackend } from '../../tools/backends.js';

// What programs compute is tested in test/fused/webgpu/on-device.test.ts.

const LIMITS = { maxComputeWorkgroupStorageSize: 16384, maxStorageBufferBindingSize: 2 ** 27 };

beforeAll(() => useBackend('cpu'));

function pretended(changes: object = {}, changesOfDevice: object = {}) {
  const nothing = () => {};
  const device = { limits: LIMITS, lost: new Promise(nothing), ...changesOfDevice };
  const others = { runWebGPUProgram: nothing, endComputePassEncoder: nothing, submitQueue: nothing };
  return { device, ...others, ...changes } as unknown as tf.KernelBackend;
}

test('Programs are opened once, with the limits of the device', () => {
  const backend = pretended();
  const programs = openWebGPUPrograms(backend);
  expect(programs).toMatchObject({ sharedBytes: 16384, tensorBytes: 2 ** 27 });
  expect(openWebGPUPrograms(backend)).toBe(programs);
});

test.each<[string, () => tf.KernelBackend]>([
  ['there is no device', () => pretended({ device: undefined })],
  ['the device has no limits', () => pretended({}, { limits: undefined })],
  ['the device does not tell when it is lost', () => pretended({}, { lost: undefined })],
  ['there is nothing to run them', () => pretended({ runWebGPUProgram: undefined })],
  ['what waits cannot be sent off', () => pretended({ submitQueue: undefined })],
  ['it is another backend', () => tf.backend()],
])('Programs are not opened where %s', (_title, backendOf) => {
  expect(openWebGPUPrograms(backendOf())).toBeNull();
});

test('What waits is sent off where something does', () => {
  const sent: string[] = [];
  const methods = {
    endComputePassEncoder: () => sent.push('end'),
    submitQueue: () => sent.push('submit'),
  };
  openWebGPUPrograms(pretended(methods))?.submit();
  expect(sent).toEqual([]);
  openWebGPUPrograms(pretended({ ...methods, commandEncoder: {} }))?.submit();
  expect(sent).toEqual(['end', 'submit']);
});

test('A program is given its inputs, those left out aside, its uniforms and its size', () => {
  const calls: unknown[][] = [];
  const result = tf.tensor1d([1, 2, 3]);
  const runWebGPUProgram = (...given: unknown[]) => {
    calls.push(given);
    return result;
  };
  const { run } = openWebGPUPrograms(pretended({ runWebGPUProgram })) as WebGPUPrograms;
  const [a, b] = [tf.tensor1d([1]), tf.tensor1d([2, 3, 4, 5])];
  const inputs = { a: [a, 1], missing: [null, 1], b: [b, 4] } as const;
  const program = { code: 'code', inputs, uniforms: { sizes: [1, 2, 3, 4] }, workgroups: 5, threads: 6 };
  expect(run(program, result)).toBe(result);
  const [given, tensors, dtype, uniforms, output] = calls[0] as [Record<string, unknown>, ...unknown[]];
  expect(given).toMatchObject({
    variableNames: ['a', 'b'],
    variableComponents: [1, 4],
    outputShape: [3],
    uniforms: 'sizes : vec4<i32>, ',
    workgroupSize: [6, 1, 1],
    dispatch: [5, 1, 1],
    shaderKey: 'code',
  });
  expect([tensors, dtype, uniforms, output]).toEqual([
    [a, b],
    'float32',
    [{ type: 'int32', data: [1, 2, 3, 4] }],
    result,
  ]);
});

test('A lost device is told of', async () => {
  const programs = openWebGPUPrograms(pretended()) as WebGPUPrograms;
  programs.requireDevice();
  const lost = openWebGPUPrograms(pretended({}, { lost: Promise.resolve({ reason: 'destroyed' }) })) as WebGPUPrograms;
  await Promise.resolve();
  expect(() => lost.requireDevice()).toThrow('the browser has lost its GPU device, and with it all tensors');
});
