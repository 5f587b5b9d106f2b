import { createRequire } from 'node:module';
import { toPng } from '../../../src/plot/index.js';
import { findFonts } from '../../../src/plot/rendering/fonts.js';
import { loadPackages } from '../../../src/plot/rendering/load-packages.js';
import { SPEC } from '../support/small-picture.js';

const FONT = createRequire(`${process.cwd()}/package.json`).resolve('dejavu-fonts-ttf/ttf/DejaVuSerif.ttf');

function sizeOf(png: Uint8Array): [number, number] {
  const view = new DataView(png.buffer, png.byteOffset);
  expect([...png.subarray(0, 4)]).toEqual([0x89, 0x50, 0x4e, 0x47]);
  return [view.getUint32(16), view.getUint32(20)];
}

test('A specification is drawn as PNG, twice as large as the picture unless told otherwise', async () => {
  const [width, height] = sizeOf(await toPng(SPEC));
  expect(width).toBeGreaterThan(200);
  const half = sizeOf(await toPng(SPEC, { scale: 1 }));
  expect([width, height]).toEqual(half.map((size) => expect.closeTo(2 * size, -1)));
});

test('Letters are drawn, in the font that is named', async () => {
  const silent = { ...SPEC, title: undefined, encoding: {} };
  const [without, sans, serif] = await Promise.all([toPng(silent), toPng(SPEC), toPng(SPEC, { fontFiles: [FONT] })]);
  expect(sans.length).toBeGreaterThan(without.length);
  expect(Buffer.from(serif).equals(Buffer.from(sans))).toBe(false);
});

test('Without any font it is an error that says what to install, never a picture without words', async () => {
  class WithoutFonts {
    getBBox() {
      return undefined;
    }
  }
  const resvg = { Resvg: WithoutFonts } as never;
  await expect(findFonts('toPng', resvg)).rejects.toThrow(
    'toPng: no font found: npm install dejavu-fonts-ttf, or name',
  );
});

test('Fonts of the package dejavu-fonts-ttf come first', async () => {
  const { '@resvg/resvg-js': resvg } = await loadPackages('test', ['@resvg/resvg-js']);
  const { fontFiles, sansSerifFamily } = await findFonts('toPng', resvg);
  expect(fontFiles?.[0]).toMatch(/dejavu-fonts-ttf.ttf.DejaVuSans\.ttf$/);
  expect(sansSerifFamily).toBe('DejaVu Sans');
});

test('Wrong options are refused', async () => {
  await expect(toPng(SPEC, { scale: 0 })).rejects.toThrow('toPng: scale must be a positive number, got 0');
  await expect(toPng(SPEC, { fontFiles: 'x.ttf' } as never)).rejects.toThrow(
    'toPng: fontFiles must be an array of paths',
  );
  await expect(toPng({} as never)).rejects.toThrow('toPng: spec must be a Vega-Lite specification');
});
