import { fromBase64, toBase64 } from '../rows/base64.js';

/** Numbers as a page carries them: two bytes each between the extremes. Four digits are more than a picture shows. */
export interface EncodedValues {
  min: number;
  max: number;
  /** Little-endian, base64. */
  data: string;
}

/** What NaN and infinity become. */
const NON_FINITE = 0xffff;
const STEPS = 0xfffe;

export function encodeValues(values: ArrayLike<number>): EncodedValues {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let n = 0; n < values.length; n++) {
    const value = values[n] as number;
    if (!Number.isFinite(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (min > max) {
    min = 0;
    max = 0;
  }
  const view = new DataView(new ArrayBuffer(2 * values.length));
  for (let n = 0; n < values.length; n++) {
    const value = values[n] as number;
    const step = max === min ? 0 : Math.round(((value - min) / (max - min)) * STEPS);
    view.setUint16(2 * n, Number.isFinite(value) ? step : NON_FINITE, true);
  }
  return { min, max, data: toBase64(new Uint8Array(view.buffer)) };
}

/** NaN where the value was not finite. */
export function decodeValues({ min, max, data }: EncodedValues): Float32Array {
  const bytes = fromBase64(data);
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / 2 }, (_, n) => {
    const step = view.getUint16(2 * n, true);
    return step === NON_FINITE ? Number.NaN : min + (step / STEPS) * (max - min);
  });
}
