import { Resvg } from '@resvg/resvg-js';
import fc from 'fast-check';
import { pngAddress } from '../../../src/plot/data/png-image.js';
import { pixelsOf } from '../support/png.js';

const PALETTE = [
  [10, 20, 30, 255],
  [200, 100, 50, 255],
  [0, 0, 0, 0],
] as const;

test('An image of any size comes back pixel by pixel', async () => {
  const images = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.integer());
  await fc.assert(
    fc.asyncProperty(images, async ([width, height, seed]) => {
      const indices = Array.from({ length: width * height }, (_, n) => Math.abs((seed + n * n) % 3));
      const pixels = Uint8Array.from(indices);
      const address = await pngAddress({ width, height, pixels, palette: PALETTE });
      expect(pixelsOf(address)).toEqual({ width, height, pixels: indices.map((index) => PALETTE[index]) });
    }),
    { numRuns: 40 },
  );
});

test('An image is one that a program which checks sums accepts', async () => {
  const pixels = Uint8Array.from([1, 1, 1, 1]);
  const address = await pngAddress({ width: 2, height: 2, pixels, palette: PALETTE });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="2" height="2"><image width="2" height="2" href="${address}"/></svg>`;
  expect([...new Resvg(svg).render().pixels.subarray(0, 4)]).toEqual([200, 100, 50, 255]);
});
