import { FIELD, RELAXED_SIMD, SIMD } from '../../../src/fused/wasm/binaries.js';
import * as additions from '../../../src/fused/wasm/binaries-with-additions.js';
import * as moduleOfKernels from '../../../src/fused/wasm/module.js';
import { provideAdditions } from '../../../src/fused/wasm/provide-additions.js';
import type * as kernels from '../../../src/fused/wasm/wasm-kernel.js';
import { FUSED_PROBLEM } from '../support/fused-problem.js';
import { allowRelaxedSimd, isRelaxedSimdValid } from '../support/relaxed-simd.js';

/** The module as it is loaded afresh: what it found out about the engine, and was told of builds, is forgotten. */
function freshModule({ isProvided = false } = {}): typeof moduleOfKernels {
  let fresh = moduleOfKernels;
  jest.isolateModules(() => {
    fresh = require('../../../src/fused/wasm/module.js') as typeof moduleOfKernels;
    const provider = require('../../../src/fused/wasm/provide-additions.js') as { provideAdditions: () => void };
    if (isProvided) provider.provideAdditions();
  });
  return fresh;
}

const PLAIN_FUNCTIONS = [
  'forward',
  'backward',
  'inputGradient',
  'kernelGradient',
  'recurrentKernelGradient',
  'biasGradient',
];
const FUNCTIONS_OF_ADDITIONS = ['peepholeGradient', 'projectionGradient'];

test('builds are held as text, of characters that every encoding of a page has', () => {
  for (const build of [SIMD, RELAXED_SIMD, additions.SIMD, additions.RELAXED_SIMD]) {
    expect(build.text).toMatch(/^[ -~]+$/);
    // The magic number, and version 1.
    expect([...moduleOfKernels.bytesOf(build).subarray(0, 8)]).toEqual([0, 97, 115, 109, 1, 0, 0, 0]);
  }
  expect([...moduleOfKernels.decodeBytes('(g (!(#g')]).toEqual([0, 63, 64, 128, 255]);
});

test('the build with relaxed SIMD is held as what is different in it', () => {
  for (const { SIMD: other, RELAXED_SIMD: relaxed } of [{ SIMD, RELAXED_SIMD }, additions]) {
    expect(relaxed.of).toBe(other);
    expect(relaxed.text.length).toBeLessThan(0.2 * other.text.length);
  }
});

test('the build with relaxed SIMD is run where the engine accepts it, and the plain one where it does not', () => {
  const validate = jest.spyOn(WebAssembly, 'validate');
  try {
    const only = (build: moduleOfKernels.Binary) => (bytes: unknown) =>
      Buffer.from(bytes as Uint8Array).equals(moduleOfKernels.bytesOf(build));
    validate.mockImplementation(only(SIMD));
    expect(freshModule().fastestBuild()).toBe('simd');
    validate.mockImplementation(only(RELAXED_SIMD));
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

test('a build with additions is known once it is provided, of the same instructions', () => {
  for (const build of ['simd', 'relaxed-simd'] as const) {
    expect(freshModule().withAdditions(build)).toBeNull();
    const { withAdditions } = freshModule({ isProvided: true });
    expect(withAdditions(build)).toBe(`${build} with additions`);
    expect(withAdditions(`${build} with additions`)).toBe(`${build} with additions`);
  }
});

test('steps with additions are refused, by name, where nobody has provided a build for them', () => {
  // A second copy of tfjs finds all of its kernels registered, and says so of each.
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
  jest.isolateModules(() => {
    const { WasmKernel } = require('../../../src/fused/wasm/wasm-kernel.js') as typeof kernels;
    const refusal = new WasmKernel('simd').refusal({ ...FUSED_PROBLEM, additions: ['peepholes', 'a projection'] });
    expect(refusal).toBe('the fused kernel for peepholes, a projection comes with explicit-lstm/variants');
    expect(new WasmKernel('simd').refusal({ ...FUSED_PROBLEM, additions: [] })).toBeNull();
  });
  warn.mockRestore();
});

test('the plain builds are spared what the additions take', () => {
  const size = (build: moduleOfKernels.Binary) => moduleOfKernels.bytesOf(build).length;
  expect(size(SIMD)).toBeLessThan(size(additions.SIMD) - 3000);
  expect(size(RELAXED_SIMD)).toBeLessThan(size(additions.RELAXED_SIMD) - 3000);
});

describe.each(['simd', 'relaxed-simd', 'simd with additions', 'relaxed-simd with additions'] as const)(
  'The build %s',
  (build) => {
    beforeAll(() => {
      allowRelaxedSimd();
      provideAdditions();
    });

    test.each([false, true])('connects to a memory, shared by threads or not (%s)', (shared) => {
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared });
      const exports = moduleOfKernels.instantiate(build, memory);
      const functions = build.endsWith('additions') ? [...PLAIN_FUNCTIONS, ...FUNCTIONS_OF_ADDITIONS] : PLAIN_FUNCTIONS;
      const names = functions.flatMap((name) => [name, `${name}ScratchBytes`]);
      expect(Object.keys(exports).sort()).toEqual([...names, 'copyBlock', 'weightPanelsBytes'].sort());
      // It brings no data of its own into a memory that is another's.
      expect(new Uint8Array(memory.buffer).every((byte) => byte === 0)).toBe(true);
    });

    test('runs in a memory that threads share', () => {
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 16, shared: true });
      const { biasGradient } = moduleOfKernels.instantiate(build, memory);
      const [sequence, dZ, dBias] = [1024, 2048, 4096];
      const view = new Uint32Array(memory.buffer);
      const fields = { batch: 1, timesteps: 2, units: 1, dZ, dBias };
      for (const name of Object.keys(fields) as (keyof typeof fields)[])
        view[sequence / 4 + FIELD[name]] = fields[name];
      new Float32Array(memory.buffer, dZ).set([1, 2, 3, 4, 10, 20, 30, 40]);
      biasGradient(sequence);
      expect([...new Float32Array(memory.buffer, dBias, 5)]).toEqual([11, 22, 33, 44, 0]);
    });

    test('is compiled once for each kind of memory', () => {
      const { Module } = WebAssembly;
      const compile = jest.spyOn(WebAssembly, 'Module').mockImplementation((bytes) => new Module(bytes));
      try {
        const { instantiate } = freshModule({ isProvided: true });
        for (const shared of [false, true, false, true]) {
          instantiate(build, new WebAssembly.Memory({ initial: 1, maximum: 65536, shared }));
        }
        expect(compile).toHaveBeenCalledTimes(2);
      } finally {
        compile.mockRestore();
      }
    });
  },
);
