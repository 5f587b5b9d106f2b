import type { FusedProblem } from '../../../src/fused/fused-kernel.js';
import { WebGPUKernel } from '../../../src/fused/webgpu/webgpu-kernel.js';
import { useBackend } from '../../../tools/backends.js';
import { pretendBackend } from '../../host/support/pretend-backend.js';
import { FUSED_PROBLEM } from '../support/fused-problem.js';

// What it computes is tested in on-device.test.ts.

const CHECKING = 'the fused kernel is being checked';
const WRONG = 'the fused kernel does not compute what it should on this device';
const TOO_LARGE = 'the sequence is larger than the device lets a tensor be';
let end: () => Promise<void>;

beforeAll(() => useBackend('cpu'));

test('It refuses a backend that does not run its programs', () => {
  const reason = 'this version of tfjs does not run programs of others as expected';
  expect(new WebGPUKernel().refusal(FUSED_PROBLEM)).toBe(reason);
});

describe('On a device that runs nothing, the fused kernel of webgpu', () => {
  beforeAll(async () => {
    const throwing = () => {
      throw new Error('no program');
    };
    const limits = { maxComputeWorkgroupStorageSize: 16384, maxStorageBufferBindingSize: 2 ** 27 };
    end = await pretendBackend({
      device: { limits, lost: new Promise(() => {}) },
      runWebGPUProgram: throwing,
      endComputePassEncoder: throwing,
      submitQueue: throwing,
      commandEncoder: null,
    });
  });
  afterAll(() => end());

  test.each<[Partial<FusedProblem>, string]>([
    [{ additions: ['a projection'] }, 'no fused kernel of this backend runs a projection'],
    [{ activation: 'softmax' }, "no fused kernel supports the activation 'softmax'"],
    [{ units: 1025 }, 'a workgroup shares memory for 1024 units only'],
    [{ batch: 65536 }, TOO_LARGE],
    [{ batch: 64, timesteps: 400, units: 256, takesGradients: true }, TOO_LARGE],
    [{ batch: 64, timesteps: 400, units: 256 }, CHECKING],
    [{ units: 1024 }, CHECKING],
  ])('says why it refuses %j', (changes, reason) => {
    expect(new WebGPUKernel().refusal({ ...FUSED_PROBLEM, ...changes })).toBe(reason);
  });

  test('is checked once, and refuses for good', async () => {
    const kernel = new WebGPUKernel();
    expect(kernel.refusal(FUSED_PROBLEM)).toBe(CHECKING);
    await kernel.prepare();
    expect(kernel.refusal(FUSED_PROBLEM)).toBe(WRONG);
  });
});
