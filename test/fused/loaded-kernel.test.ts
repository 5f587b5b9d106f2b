import type { FusedKernel } from '../../src/fused/fused-kernel.js';
import { LoadedKernel } from '../../src/fused/loaded-kernel.js';
import { WasmKernel } from '../../src/fused/wasm/wasm-kernel.js';
import { useBackend } from '../../tools/backends.js';
import { FUSED_PROBLEM } from './support/fused-problem.js';

beforeAll(() => useBackend('cpu'));

test('A kernel that is loaded refuses until it is there, is prepared, and is loaded once', async () => {
  let [loads, preparations] = [0, 0];
  const kernel = new LoadedKernel('late', async () => {
    loads += 1;
    const prepare = async () => {
      preparations += 1;
    };
    return Object.assign(new WasmKernel() as FusedKernel, { prepare });
  });
  expect(loads).toBe(0);
  for (let n = 0; n < 2; n++) expect(kernel.refusal(FUSED_PROBLEM)).toBe('the fused kernel is being checked');
  await kernel.prepare();
  expect(loads).toBe(1);
  expect(preparations).toBeGreaterThan(0);
  expect(kernel.refusal(FUSED_PROBLEM)).toBeNull();
  expect(kernel.refusal({ ...FUSED_PROBLEM, activation: 'softmax' })).toMatch('softmax');
});

test('A kernel that cannot be loaded says so', async () => {
  const kernel = new LoadedKernel('never', () => Promise.reject(new Error('no such file')));
  await kernel.prepare();
  expect(kernel.refusal(FUSED_PROBLEM)).toBe('the fused kernel cannot be loaded: Error: no such file');
});

test('What a kernel throws while it is prepared, who waits for it is told, and nobody else', async () => {
  const lost = () => Promise.reject(new Error('the device is lost'));
  const kernel = new LoadedKernel('lost', async () =>
    Object.assign(new WasmKernel() as FusedKernel, { prepare: lost }),
  );
  const unheard: unknown[] = [];
  const listen = (error: unknown) => unheard.push(error);
  process.on('unhandledRejection', listen);
  kernel.refusal(FUSED_PROBLEM);
  await expect(kernel.prepare()).rejects.toThrow('the device is lost');
  await new Promise(setImmediate);
  process.off('unhandledRejection', listen);
  expect(unheard).toEqual([]);
});
