import * as tf from '@tensorflow/tfjs';
import { CopyingHeap, canOpenHeap, openHeap } from '../../../src/fused/wasm/heap.js';
import { WasmKernel } from '../../../src/fused/wasm/wasm-kernel.js';
import { openWasmMemory } from '../../../src/host/wasm-memory.js';
import { useBackend } from '../../../tools/backends.js';
import { expectAgreementOnRandomProblems } from '../support/agreement.js';
import { FUSED_PROBLEM } from '../support/fused-problem.js';
import { allowRelaxedSimd } from '../support/relaxed-simd.js';

/** Makes kernels copy on the wasm backend, as they do where its internals are not as expected. For a fresh backend. */
function hideSharedMemory(): void {
  const backend = tf.backend();
  Object.defineProperty(backend, 'makeOutput', { value: undefined, configurable: true });
  expect(openWasmMemory(backend)).toBeNull();
  Reflect.deleteProperty(backend, 'makeOutput');
}

/** Runs something where the engine, or a content security policy, lets nobody make WebAssembly modules. */
function withoutModules(run: () => void): void {
  const refuse = () => {
    throw new WebAssembly.CompileError('refused by a content security policy');
  };
  const spies = [
    jest.spyOn(WebAssembly, 'Module').mockImplementation(refuse),
    jest.spyOn(WebAssembly, 'Instance').mockImplementation(refuse),
  ];
  try {
    run();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

// Before anything else: what a kernel found out about its engine, it remembers.
test('No kernel applies where modules may not be made, and where there is no WebAssembly, and each tells why', async () => {
  await useBackend('cpu');
  withoutModules(() => {
    expect(canOpenHeap('simd')).toBe(false);
    expect(new WasmKernel('simd').refusal(FUSED_PROBLEM)).toBe('WebAssembly is not allowed here');
  });
  expect(new WasmKernel(null).refusal(FUSED_PROBLEM)).toBe('WebAssembly with SIMD is not available here');
  expect(new WasmKernel('simd').refusal(FUSED_PROBLEM)).toBeNull();
});

test("Where tfjs's memory is not as expected, kernels copy into and out of their own, with the same results", async () => {
  await useBackend('wasm');
  allowRelaxedSimd();
  hideSharedMemory();
  for (const build of ['simd', 'relaxed-simd'] as const) {
    expect(canOpenHeap(build)).toBe(true);
    expect(openHeap(build)).toBeInstanceOf(CopyingHeap);
    expectAgreementOnRandomProblems(new WasmKernel(build), 20, 15);
  }
});
