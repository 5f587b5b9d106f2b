/**
 * How the values of a quantity become whole numbers: evenly spaced between the extremes, or, where a few are far from all
 * others, evenly in asinh(value / bend), so that these few do not coarsen the rest.
 */
export interface Scale {
  low: number;
  high: number;
  /** 0: evenly. */
  bend: number;
  /** Whether the numbers are differences from one step to the next, which take less room where a quantity changes slowly. */
  isOfDifferences: boolean;
  /** Values at a step. */
  width: number;
}

/** The sequences of a layer as a page carries them. */
export interface EncodedSequences {
  /** Of each number: 5 to 8, or 16. */
  bits: number;
  /** By quantity, in the cell's order. */
  scales: Readonly<Record<string, Scale>>;
  /** One for each sample: its quantities one after the other, each [width, T]. */
  samples: readonly Uint8Array[];
}

/** Values of several quantities, [S, T, width] each. */
export type Sequences = Readonly<Record<string, { values: Float32Array; width: number }>>;

export function encodeSequences(
  sequences: Sequences,
  { timesteps, bits, samples }: { timesteps: number; bits: number; samples: number },
): EncodedSequences {
  const scales: Record<string, Scale> = {};
  const codes = new Map<string, Uint16Array>();
  for (const [quantity, { values, width }] of Object.entries(sequences)) {
    const scale = scaleOf(values, width);
    const coded = codesOf(values, { scale, timesteps, bits });
    const differences = differencesOf(coded, timesteps, bits);
    scale.isOfDifferences = entropy(differences, bits) < entropy(coded, bits);
    scales[quantity] = scale;
    codes.set(quantity, scale.isOfDifferences ? differences : coded);
  }
  const bytes = Array.from({ length: samples }, (_, sample) => {
    const parts = [...codes.values()].map((all) => {
      const size = all.length / samples;
      return bytesOf(all.subarray(sample * size, (sample + 1) * size), bits);
    });
    return joined(parts);
  });
  return { bits, scales, samples: bytes };
}

/** Which values to decode: those of a sample of `T` timesteps. */
export interface Place {
  sample: number;
  timesteps: number;
  quantity: string;
}

/**
 * [width, T], or [T] of one unit alone; NaN where the value was not finite.
 *
 * @param unit Position of the unit. Default: all of them.
 */
export function decode(
  { bits, scales, samples }: EncodedSequences,
  { sample, timesteps, quantity }: Place,
  unit?: number,
): Float32Array {
  const bytes = samples[sample] as Uint8Array;
  const scale = scales[quantity] as Scale;
  const { width, isOfDifferences } = scale;
  const isWide = bytesPerCode(bits) > 1;
  let start = 0;
  for (const [before, { width }] of Object.entries(scales)) {
    if (before === quantity) break;
    start += width * timesteps * bytesPerCode(bits);
  }
  const toLower = width * timesteps;
  const levels = isWide ? null : levelsOf(scale, bits);
  // What of the code before is added.
  const kept = isOfDifferences ? 2 ** bits - 1 : 0;
  const first = unit ?? 0;
  const count = unit === undefined ? width : 1;
  const values = new Float32Array(count * timesteps);
  for (let n = 0; n < count; n++) {
    const row = values.subarray(n * timesteps, (n + 1) * timesteps);
    const at = start + (first + n) * timesteps;
    const codes = bytes.subarray(at, at + timesteps);
    if (levels === null) decodeWide(row, codes, bytes.subarray(toLower + at, toLower + at + timesteps), scale, kept);
    else decodeNarrow(row, codes, levels, kept);
  }
  return values;
}

// A function for a row: a browser compiles it after the first of hundreds, and draws that much sooner.

function decodeNarrow(row: Float32Array, codes: Uint8Array, levels: Float32Array, kept: number): void {
  const mask = levels.length - 1;
  let code = 0;
  for (let t = 0; t < row.length; t++) {
    code = ((code & kept) + (codes[t] as number)) & mask;
    row[t] = levels[code] as number;
  }
}

const WIDE = 16;

function decodeWide(row: Float32Array, upper: Uint8Array, lower: Uint8Array, scale: Scale, kept: number): void {
  let code = 0;
  for (let t = 0; t < row.length; t++) {
    const stored = ((upper[t] as number) << 8) | (lower[t] as number);
    code = ((code & kept) + stored) & (2 ** WIDE - 1);
    row[t] = levelOf(code, scale, WIDE);
  }
}

/** How far a decoded value may be from what it was, at most, among the usual ones. */
export function precisionOf({ low, high, bend }: Scale, bits: number): number {
  const steps = stepsOf(bits);
  return bend === 0 ? (high - low) / steps / 2 : (bend * (bent(high, bend) - bent(low, bend))) / steps / 2;
}

/** Of so many bits, the last number stands for what is not finite. */
const stepsOf = (bits: number) => 2 ** bits - 2;
const notFinite = (bits: number) => 2 ** bits - 1;
const bytesPerCode = (bits: number) => (bits > 8 ? 2 : 1);

const bent = (value: number, bend: number) => (bend === 0 ? value : Math.asinh(value / bend));

/** Values that are so many times larger than 99 % of all are few and far. */
const FAR = 4;
const USUAL = 0.99;
/** Enough to know percentiles by. */
const MOST_SORTED = 50_000;

function scaleOf(values: Float32Array, width: number): Scale {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return { low: 0, high: 0, bend: 0, isOfDifferences: false, width };
  const stride = Math.ceil(values.length / MOST_SORTED);
  const sizes = values.filter((value, n) => n % stride === 0 && Number.isFinite(value)).map(Math.abs);
  sizes.sort();
  const usual = sizes[Math.floor(USUAL * (sizes.length - 1))] ?? 0;
  const bend = usual > 0 && Math.max(-low, high) > FAR * usual ? usual : 0;
  return { low, high, bend, isOfDifferences: false, width };
}

interface Coding {
  scale: Scale;
  timesteps: number;
  bits: number;
}

/** [S, T, width] to [S, width, T]: what a unit does is more alike than what a step has. */
function codesOf(values: Float32Array, { scale, timesteps, bits }: Coding): Uint16Array {
  const { low, high, bend, width } = scale;
  const from = bent(low, bend);
  const span = bent(high, bend) - from;
  const steps = stepsOf(bits);
  const codes = new Uint16Array(values.length);
  const size = timesteps * width;
  for (let start = 0; start < values.length; start += size) {
    for (let t = 0; t < timesteps; t++) {
      for (let n = 0; n < width; n++) {
        const value = values[start + t * width + n] as number;
        const code = span === 0 ? 0 : Math.round(((bent(value, bend) - from) / span) * steps);
        codes[start + n * timesteps + t] = Number.isFinite(value) ? code : notFinite(bits);
      }
    }
  }
  return codes;
}

function differencesOf(codes: Uint16Array, timesteps: number, bits: number): Uint16Array {
  const mask = 2 ** bits - 1;
  return codes.map((code, n) => (n % timesteps === 0 ? code : (code - (codes[n - 1] as number)) & mask));
}

/** In bits a number, as if each stood for itself. */
function entropy(codes: Uint16Array, bits: number): number {
  const counts = new Uint32Array(2 ** bits);
  for (const code of codes) counts[code] = (counts[code] as number) + 1;
  return counts.reduce((sum, count) => (count === 0 ? sum : sum - count * Math.log2(count / codes.length)), 0);
}

/** Of two bytes the upper ones come first, which are more alike. */
function bytesOf(codes: Uint16Array, bits: number): Uint8Array {
  const isWide = bytesPerCode(bits) > 1;
  const bytes = new Uint8Array(codes.length * bytesPerCode(bits));
  const toLower = isWide ? codes.length : 0;
  // With `from` and a function it takes ten times as long, and there are millions.
  for (let n = 0; n < codes.length; n++) {
    const code = codes[n] as number;
    bytes[toLower + n] = code & 255;
    if (isWide) bytes[n] = code >> 8;
  }
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const part of parts) {
    whole.set(part, start);
    start += part.length;
  }
  return whole;
}

function levelOf(code: number, { low, high, bend }: Scale, bits: number): number {
  if (code === notFinite(bits)) return Number.NaN;
  const from = bent(low, bend);
  const position = from + (code / stepsOf(bits)) * (bent(high, bend) - from);
  return bend === 0 ? position : bend * Math.sinh(position);
}

/** The value of each code. Large traces have few levels, and a page no time to compute them for each value. */
function levelsOf(scale: Scale, bits: number): Float32Array {
  return Float32Array.from({ length: 2 ** bits }, (_, code) => levelOf(code, scale, bits));
}
