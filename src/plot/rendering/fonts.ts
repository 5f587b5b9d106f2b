import { invalidArgument } from '../../core/errors.js';
import type { OptionalPackages } from './optional-packages.js';

type Canvas = OptionalPackages['@napi-rs/canvas'];

const DEJAVU = { 'sans-serif': ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'], monospace: ['DejaVuSansMono.ttf'] };

/** What stands for SVG's generic families: a registered family, or else the canvas's own choice. */
export type GenericFamilies = Record<keyof typeof DEJAVU, string | undefined>;

/**
 * Fonts for the canvas, which draws an empty box, or nothing, for what it has no letters for.
 *
 * @throws RangeError for paths that are not of fonts; Error without any font.
 */
export async function registerFonts(
  where: string,
  canvas: Canvas,
  files?: readonly string[],
): Promise<GenericFamilies> {
  const families = {
    'sans-serif': registerFamily(where, canvas, files ?? (await dejavuFiles(DEJAVU['sans-serif']))),
    monospace: registerFamily(where, canvas, files ?? (await dejavuFiles(DEJAVU.monospace))),
  };
  if (canvas.GlobalFonts.families.length === 0) {
    throw new Error(`${where}: no font found: npm install dejavu-fonts-ttf, or name font files with fontFiles`);
  }
  return families;
}

/** The picture with registered families in place of the generic ones. */
export function inFamilies(svg: string, families: GenericFamilies): string {
  return svg.replaceAll(/font-family="(sans-serif|monospace)"/g, (attribute, generic: keyof GenericFamilies) => {
    const family = families[generic];
    return family === undefined ? attribute : `font-family="${family}"`;
  });
}

/** Registers files once in a process, under a name of their own: other pictures may want other fonts. */
function registerFamily(where: string, { GlobalFonts }: Canvas, files: readonly string[]): string | undefined {
  if (files.length === 0) return undefined;
  const family = `explicit-lstm-${Buffer.from(files.join('\n')).toString('hex')}`;
  if (GlobalFonts.has(family)) return family;
  // The last first: among fonts of one weight, the canvas takes the one that was registered last.
  const ordered = [...files].reverse();
  const keys = ordered.map((file) => GlobalFonts.registerFromPath(file, family));
  if (keys.includes(null)) {
    GlobalFonts.removeBatch(keys.filter((key) => key !== null));
    throw invalidArgument(where, 'fontFiles must be paths of TrueType or OpenType fonts', ordered[keys.indexOf(null)]);
  }
  return family;
}

async function dejavuFiles(files: readonly string[]): Promise<string[]> {
  // By a name that bundlers of pages do not follow.
  const name: string = 'node:module';
  const { createRequire }: typeof import('node:module') = await import(
    /* webpackIgnore: true */ /* @vite-ignore */ name
  );
  // From the program's folder, or from that of its script: the package is the user's.
  for (const from of [`${process.cwd()}/package.json`, process.argv[1] ?? '']) {
    try {
      const require = createRequire(from);
      return files.map((file) => require.resolve(`dejavu-fonts-ttf/ttf/${file}`));
    } catch {
      // Not installed there.
    }
  }
  return [];
}
