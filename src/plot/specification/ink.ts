/** Black or white, whichever is easier to read on a colour: by its luminance as in Rec. 709. */
export function inkOn([red, green, blue]: readonly [number, number, number]): string {
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 130 ? '#000000' : '#ffffff';
}
