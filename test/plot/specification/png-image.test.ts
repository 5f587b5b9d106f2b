import { createCanvas, loadImage } from '@napi-rs/canvas';
import fc from 'fast-check';
import { pngAddress } from '../../../src/plot/specification/png-image.js';
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
  const context = createCanvas(2, 2).getContext('2d');
  context.drawImage(await loadImage(address), 0, 0);
  expect([...context.getImageData(0, 0, 1, 1).data]).toEqual([200, 100, 50, 255]);
});
