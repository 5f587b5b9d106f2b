import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { createCanvas, GlobalFonts, loadImage } from '@napi-rs/canvas';
import { toPng } from '../../../src/plot/index.js';
import { inFamilies, registerFonts } from '../../../src/plot/rendering/fonts.js';
import { pngAddress } from '../../../src/plot/specification/png-image.js';
import { SPEC } from '../support/small-picture.js';

const [SERIF, MONO] = ['DejaVuSerif.ttf', 'DejaVuSansMono.ttf'].map((file) =>
  createRequire(`${process.cwd()}/package.json`).resolve(`dejavu-fonts-ttf/ttf/${file}`),
) as [string, string];
const RED = [255, 0, 0, 255] as const;
const BLUE = [0, 0, 255, 255] as const;

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
  expect(sizeOf(await toPng(SPEC, { scale: null, fontFiles: null } as never))).toEqual([width, height]);
});

test('Letters are drawn, in the font that is named', async () => {
  const silent = { ...SPEC, title: undefined, encoding: {} };
  const [without, sans, serif] = await Promise.all([toPng(silent), toPng(SPEC), toPng(SPEC, { fontFiles: [SERIF] })]);
  expect(sans.length).toBeGreaterThan(without.length);
  expect(Buffer.from(serif).equals(Buffer.from(sans))).toBe(false);
  expect(await toPng(SPEC)).toEqual(sans);
});

test('The first font that has the letters draws them', async () => {
  const [serif, serifFirst, monoFirst] = await Promise.all(
    [[SERIF], [SERIF, MONO], [MONO, SERIF]].map((fontFiles) => toPng(SPEC, { fontFiles })),
  );
  expect(serifFirst).toEqual(serif);
  expect(monoFirst).not.toEqual(serif);
});

test('Images keep sharp pixels at any scale', async () => {
  const pixels = { width: 2, height: 1, pixels: Uint8Array.of(0, 1), palette: [RED, BLUE] };
  const image = { url: await pngAddress(pixels) };
  const mark = { type: 'image', width: 40, height: 10, aspect: false, smooth: false, align: 'left', baseline: 'top' };
  const spec = { ...SPEC, title: undefined, padding: 0, data: { values: [image] }, width: 40, height: 10, mark };
  const encoding = { url: { field: 'url' }, x: { value: 0 }, y: { value: 0 } };
  const drawn = await loadImage(Buffer.from(await toPng({ ...spec, encoding, view: { stroke: null } }, { scale: 3 })));
  expect([drawn.width, drawn.height]).toEqual([120, 30]);
  const context = createCanvas(120, 30).getContext('2d');
  context.drawImage(drawn, 0, 0);
  const row = context.getImageData(0, 15, 120, 1).data;
  const colours = Array.from({ length: 120 }, (_, x) => [...row.subarray(4 * x, 4 * x + 4)]);
  expect(colours).toEqual([...Array(60).fill(RED), ...Array(60).fill(BLUE)]);
});

test('A picture has at least one pixel', async () => {
  expect(sizeOf(await toPng(SPEC, { scale: 1e-4 }))).toEqual([1, 1]);
});

test('Without any font it is an error that says what to install, never a picture without words', async () => {
  const GlobalFonts = { families: [], has: () => true };
  await expect(registerFonts('toPng', { GlobalFonts } as never)).rejects.toThrow(
    'toPng: no font found: npm install dejavu-fonts-ttf, or name',
  );
});

test('Fonts of the package dejavu-fonts-ttf come first, in both generic families', async () => {
  const registered: [string, string][] = [];
  const GlobalFonts = {
    families: [{}],
    has: () => false,
    registerFromPath: (file: string, family: string) => registered.push([basename(file), family]),
  };
  const families = await registerFonts('toPng', { GlobalFonts } as never);
  expect(registered).toEqual([
    ['DejaVuSans-Bold.ttf', families['sans-serif']],
    ['DejaVuSans.ttf', families['sans-serif']],
    ['DejaVuSansMono.ttf', families.monospace],
  ]);
  const svg = '<text font-family="monospace"/><text font-family="sans-serif"/><text font-family="serif"/>';
  expect(inFamilies(svg, families)).toBe(
    `<text font-family="${families.monospace}"/><text font-family="${families['sans-serif']}"/><text font-family="serif"/>`,
  );
});

test('Fonts are registered once', async () => {
  await toPng(SPEC, { fontFiles: [MONO] });
  const registrations = jest.spyOn(GlobalFonts, 'registerFromPath');
  await toPng(SPEC, { fontFiles: [MONO] });
  expect(registrations).not.toHaveBeenCalled();
  registrations.mockRestore();
});

test('Without named fonts, those of the system draw', async () => {
  const families = await registerFonts('toPng', { GlobalFonts: { families: [{}] } } as never, []);
  const svg = '<text font-family="monospace"/>';
  expect(inFamilies(svg, families)).toBe(svg);
});

test('Wrong options are refused', async () => {
  for (const [scale, shown] of [
    [0, '0'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [Number.NaN, 'NaN'],
    ['2', "'2'"],
  ]) {
    await expect(toPng(SPEC, { scale } as never)).rejects.toThrow(
      `toPng: scale must be a positive number, got ${shown}`,
    );
  }
  for (const wrong of ['x.ttf', [1]]) {
    await expect(toPng(SPEC, { fontFiles: wrong } as never)).rejects.toThrow(
      'toPng: fontFiles must be an array of paths, got',
    );
  }
  await expect(toPng(SPEC, { font_files: [] } as never)).rejects.toThrow("the option must be spelt 'fontFiles'");
  const fontFiles = [SERIF, 'package.json'];
  const rule = "toPng: fontFiles must be paths of TrueType or OpenType fonts, got 'package.json'";
  await expect(toPng(SPEC, { fontFiles })).rejects.toThrow(rule);
  await expect(toPng(SPEC, { fontFiles })).rejects.toThrow(rule);
  await expect(toPng({} as never)).rejects.toThrow('toPng: spec must be a Vega-Lite specification');
});
