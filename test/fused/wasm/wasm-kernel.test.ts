import { CopyingHeap, openHeap, SharedHeap } from '../../../src/fused/wasm/heap.js';
import { WasmKernel } from '../../../src/fused/wasm/wasm-kernel.js';
import { NODE_BACKENDS, useBackend } from '../../../tools/backends.js';
import { ACCURACY, expectAgreement, expectAgreementOnRandomProblems } from '../support/agreement.js';
import { PLAIN_PROBLEM } from '../support/problem.js';
import { allowRelaxedSimd } from '../support/relaxed-simd.js';

const BUILDS = ['simd', 'relaxed-simd'] as const;

beforeAll(allowRelaxedSimd);

describe.each(NODE_BACKENDS)('On %s', (backend) => {
  beforeAll(() => useBackend(backend));

  test.each(BUILDS)('the build %s computes what float64 does, forward and backward', (build) => {
    expect(openHeap(build)).toBeInstanceOf(backend === 'wasm' ? SharedHeap : CopyingHeap);
    expectAgreementOnRandomProblems(new WasmKernel(build), 40, backend === 'wasm' ? 40 : 10);
  });

  test('the reference computes what float64 does', () => {
    // It is held to less, for its accuracy is tfjs's.
    expectAgreementOnRandomProblems(null, 8, 10, { results: 4e-6, gradients: 1e-4 });
  });
});

describe.each(BUILDS)('The build %s', (build) => {
  beforeAll(() => useBackend('wasm'));
  const kernel = new WasmKernel(build);

  test.each([
    ['one of everything', { batch: 1, timesteps: 1, features: 1, units: 1 }],
    ['more timesteps than are projected at once', { batch: 3, timesteps: 180, features: 2, units: 3 }],
    ['more samples than are projected at once', { batch: 260, timesteps: 3, features: 2, units: 3 }],
    ['many units', { batch: 2, timesteps: 2, features: 2, units: 130 }],
    ['one sample, whose weights are not packed', { batch: 1, timesteps: 9, features: 19, units: 37 }],
    ['two samples, whose weights are', { batch: 2, timesteps: 9, features: 19, units: 37 }],
    ['one timestep of two samples, whose weights are not', { batch: 2, timesteps: 1, features: 19, units: 37 }],
    ['more features than are multiplied at once', { batch: 3, timesteps: 2, features: 2100, units: 5 }],
    ['one sample of so many features', { batch: 1, timesteps: 3, features: 2100, units: 5 }],
  ])('computes what float64 does for %s', (_title, sizes) => {
    // Hundreds of terms add up to more rounding.
    const accuracy = sizes.features > 500 ? { ...ACCURACY, results: 4e-6 } : ACCURACY;
    for (const masks of [0, 1, 4] as const) {
      const dropout = { inputMasks: masks, recurrentMasks: masks };
      const problem = { ...PLAIN_PROBLEM, ...sizes, ...dropout, goBackwards: masks === 1 };
      expectAgreement(kernel, { ...problem, mask: 'with holes' }, accuracy);
    }
  });
});
