import { invalidArgument } from '../../core/errors.js';
import type { OptionalPackages } from './optional-packages.js';

type Resvg = OptionalPackages['@resvg/resvg-js'];
type FontOptions = NonNullable<NonNullable<ConstructorParameters<Resvg['Resvg']>[1]>['font']>;

const DEJAVU = 'DejaVu Sans';
const FONT_FILES = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf', 'DejaVuSansMono.ttf'];

/**
 * Fonts for the rasteriser, which leaves out in silence what it has no letters for.
 *
 * @throws RangeError for paths that are none; Error without any font.
 */
export async function findFonts(where: string, resvg: Resvg, files?: readonly string[]): Promise<FontOptions> {
  if (files !== undefined && !(Array.isArray(files) && files.every((file) => typeof file === 'string'))) {
    throw invalidArgument(where, 'fontFiles must be an array of paths', files);
  }
  const fontFiles = files === undefined ? await dejavuFiles() : [...files];
  const ofDejavu = { defaultFontFamily: DEJAVU, sansSerifFamily: DEJAVU, monospaceFamily: 'DejaVu Sans Mono' };
  const font: FontOptions = { fontFiles, loadSystemFonts: true, ...(files === undefined && ofDejavu) };
  if (!drawsText(resvg, font)) {
    throw new Error(`${where}: no font found: npm install dejavu-fonts-ttf, or name font files with fontFiles`);
  }
  return font;
}

async function dejavuFiles(): Promise<string[]> {
  // By a name that bundlers of pages do not follow.
  const name: string = 'node:module';
  const { createRequire }: typeof import('node:module') = await import(
    /* webpackIgnore: true */ /* @vite-ignore */ name
  );
  // From the program's folder, or from that of its script: the package is the user's.
  for (const from of [`${process.cwd()}/package.json`, process.argv[1] ?? '']) {
    try {
      const require = createRequire(from);
      return FONT_FILES.map((file) => require.resolve(`dejavu-fonts-ttf/ttf/${file}`));
    } catch {
      // Not installed there.
    }
  }
  return [];
}

function drawsText(resvg: Resvg, font: FontOptions): boolean {
  const text =
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text y="8" font-family="sans-serif">X</text></svg>';
  return new resvg.Resvg(text, { font }).getBBox() !== undefined;
}
