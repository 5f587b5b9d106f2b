/** Whether a picture is for light or dark pages. */
export type Theme = 'light' | 'dark';

/** Colours from low to high, evenly spaced. */
export type Ramp = readonly string[];

/** Matplotlib's viridis: ordered in lightness, so that it also reads in grey and with any colour blindness. */
export const SEQUENTIAL: Ramp = [
  '#440154',
  '#472d7b',
  '#3b528b',
  '#2c728e',
  '#21918c',
  '#28ae80',
  '#5ec962',
  '#addc30',
  '#fde725',
];

/** Blue below zero, orange above it: told apart with any colour blindness. Zero is the colour of the background. */
export const DIVERGING: Record<Theme, Ramp> = {
  light: ['#08407f', '#3b7fc0', '#8fb8de', '#d3e2f0', '#f7f7f7', '#fbdcbc', '#f2a65e', '#d96f1a', '#8a3c00'],
  dark: ['#a9d6ff', '#63abea', '#2f75b5', '#1d4468', '#202428', '#5e3a14', '#a8601a', '#e69138', '#ffd6a5'],
};

/** Okabe and Ito's colours for categories (2008, "Color universal design"), those first that show on the background. */
export const CATEGORIES: Record<Theme, Ramp> = {
  light: ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000', '#8a8a8a'],
  dark: ['#56b4e9', '#e69f00', '#00b386', '#cc79a7', '#f0e442', '#d55e00', '#ffffff', '#8a8a8a'],
};

/** Of a value that is NaN or infinite: in none of the ramps. */
export const NON_FINITE = '#e6194b';

/** The colour at a fraction of a ramp, by linear interpolation: red, green and blue within [0, 255]. */
export function colourAt(ramp: Ramp, fraction: number): [number, number, number] {
  const position = Math.min(Math.max(fraction, 0), 1) * (ramp.length - 1);
  const below = Math.min(Math.floor(position), ramp.length - 2);
  const start = channels(ramp[below] as string);
  const end = channels(ramp[below + 1] as string);
  const weight = position - below;
  const mixed = (n: 0 | 1 | 2) => Math.round(start[n] + weight * (end[n] - start[n]));
  return [mixed(0), mixed(1), mixed(2)];
}

/** Of `#rrggbb`. */
export function channels(colour: string): [number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
/** Black or white, whichever has more contrast to a colour: at least 4.5 to any, as WCAG 2.2 demands of text. */
export function inkOn(colour: readonly [number, number, number]): string {
  const luminance = luminanceOf(colour);
  return (luminance + 0.05) ** 2 > 1.05 * 0.05 ? '#000000' : '#ffffff';
}

/** Relative luminance as WCAG 2.2 defines it: 0 of black, 1 of white. */
function luminanceOf(colour: readonly [number, number, number]): number {
  const [red, green, blue] = colour.map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
