/** @jest-environment node */
import { pageSize } from '../../tools/page-size.js';

const LSTM = "export { lstm } from './src/index.js'";
/** The two fused kernels, with all that nothing else uses. */
const OF_GPU = /\/src\/(fused\/(webgl|webgpu)|host)\/(webgl|webgpu)-\w+\.ts$/;

test.each([
  ['8 kB, where the bundler splits code', true, 8000],
  ['11 kB in one file', false, 11_000],
])('The fused kernels of webgl and webgpu make a page with lstm larger by at most %s', async (_words, splits, most) => {
  const without = await pageSize(LSTM, { splits, without: OF_GPU });
  const added = (await pageSize(LSTM, { splits })) - without;
  expect(added).toBeGreaterThan(3000);
  expect(added).toBeLessThanOrEqual(most);
});
