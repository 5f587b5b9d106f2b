import { FIELD, RELAXED_SIMD, SIMD } from '../../../src/fused/wasm/binaries.js';
import * as moduleOfKernels from '../../../src/fused/wasm/module.js';
import { allowRelaxedSimd, isRelaxedSimdValid } from '../support/relaxed-simd.js';

/** The module as it is loaded afresh: what it found out about the engine is forgotten. */
function freshModule(): typeof moduleOfKernels {
  let fresh = moduleOfKernels;
  jest.isolateModules(() => {
    fresh = require('../../../src/fused/wasm/module.js') as typeof moduleOfKernels;
  });
  return fresh;
}

const FUNCTIONS = [
  'forward',
  'backward',
  'inputGradient',
  'kernelGradient',
  'recurrentKernelGradient',
  'biasGradient',
  'peepholeGradient',
  'projectionGradient',
];

test('the build with relaxed SIMD is run where the engine accepts it, and the plain one where it does not', () => {
  const validate = jest.spyOn(WebAssembly, 'validate');
  try {
    validate.mockImplementation((bytes) => Buffer.from(bytes as Uint8Array).equals(Buffer.from(SIMD.base64, 'base64')));
    expect(freshModule().fastestBuild()).toBe('simd');
    validate.mockImplementation((bytes) =>
      Buffer.from(bytes as Uint8Array).equals(Buffer.from(RELAXED_SIMD.base64, 'base64')),
    );
    expect(freshModule().fastestBuild()).toBe('relaxed-simd');
    validate.mockReturnValue(true);
    expect(freshModule().fastestBuild()).toBe('relaxed-simd');
    validate.mockReturnValue(false);
    expect(freshModule().fastestBuild()).toBeNull();
  } finally {
    validate.mockRestore();
  }
});

test('this engine is asked by itself', () => {
  expect(freshModule().fastestBuild()).toBe(isRelaxedSimdValid() ? 'relaxed-simd' : 'simd');
  allowRelaxedSimd();
  expect(freshModule().fastestBuild()).toBe('relaxed-simd');
});

test('there is no build for an engine without WebAssembly', () => {
  const { WebAssembly: kept } = globalThis;
  Reflect.deleteProperty(globalThis, 'WebAssembly');
  try {
    expect(freshModule().fastestBuild()).toBeNull();
  } finally {
    globalThis.WebAssembly = kept;
  }
});

describe.each(['simd', 'relaxed-simd'] as const)('The build %s', (build) => {
  beforeAll(allowRelaxedSimd);

  test.each([false, true])('connects to a memory, shared by threads or not (%s)', (shared) => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared });
    const exports = moduleOfKernels.instantiate(build, memory);
    const names = FUNCTIONS.flatMap((name) => [name, `${name}ScratchBytes`]);
    expect(Object.keys(exports).sort()).toEqual(names.sort());
    // It brings no data of its own into a memory that is another's.
    expect(new Uint8Array(memory.buffer).every((byte) => byte === 0)).toBe(true);
  });

  test('runs in a memory that threads share', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 16, shared: true });
    const { biasGradient } = moduleOfKernels.instantiate(build, memory);
    const [sequence, dZ, dBias] = [1024, 2048, 4096];
    const view = new Uint32Array(memory.buffer);
    const fields = { batch: 1, timesteps: 2, units: 1, dZ, dBias };
    for (const name of Object.keys(fields) as (keyof typeof fields)[]) view[sequence / 4 + FIELD[name]] = fields[name];
    new Float32Array(memory.buffer, dZ).set([1, 2, 3, 4, 10, 20, 30, 40]);
    biasGradient(sequence);
    expect([...new Float32Array(memory.buffer, dBias, 5)]).toEqual([11, 22, 33, 44, 0]);
  });

  test('is compiled once for each kind of memory', () => {
    const { Module } = WebAssembly;
    const compile = jest.spyOn(WebAssembly, 'Module').mockImplementation((bytes) => new Module(bytes));
    try {
      const { instantiate } = freshModule();
      for (const shared of [false, true, false, true]) {
        instantiate(build, new WebAssembly.Memory({ initial: 1, maximum: 65536, shared }));
      }
      expect(compile).toHaveBeenCalledTimes(2);
    } finally {
      compile.mockRestore();
    }
  });
});
