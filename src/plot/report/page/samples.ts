import { byQuantity } from '../../../core/quantities.js';
import { fromBase64 } from '../../data/base64.js';
import type { Sample } from '../../data/sample.js';
import { decodeValues } from '../encoding.js';
import type { ReportData, ReportLayer } from '../report-data.js';

/** Decodes samples as they are looked at, a layer once. */
export function sampleReader({ layers }: ReportData): (layer: number, sample: number) => Sample {
  const decoded = new Map<number, { values: Record<string, Float32Array>; mask: Uint8Array | null }>();
  return (layer, sample) => {
    const { timesteps, unitNumbers, activation, recurrentActivation, ...encoded } = layers[layer] as ReportLayer;
    const units = unitNumbers.length;
    const whole = decoded.get(layer) ?? {
      values: byQuantity((quantity) => decodeValues(encoded.sequences[quantity])),
      mask: encoded.mask === null ? null : fromBase64(encoded.mask),
    };
    decoded.set(layer, whole);
    const size = timesteps * units;
    return {
      ...{ sample, timesteps, units, unitNumbers, activation, recurrentActivation },
      valid: Array.from(
        { length: timesteps },
        (_, t) => whole.mask === null || whole.mask[sample * timesteps + t] !== 0,
      ),
      values: byQuantity((q) => (whole.values[q] as Float32Array).subarray(sample * size, (sample + 1) * size)),
    };
  };
}
