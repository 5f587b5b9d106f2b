import type { Sample } from '../rows/sample.js';
import { decode } from './encoding.js';
import type { ReportData, ReportLayer } from './report-data.js';

/** Reads samples as they are looked at, each once, and of each what is looked at. */
export class SampleReader {
  private readonly samples = new Map<string, Sample>();
  private readonly units = new Map<string, Sample>();

  constructor(private readonly data: ReportData) {}

  sample(layer: number, sample: number): Sample {
    return kept(this.samples, `${layer} ${sample}`, () => readSample(this.layer(layer), sample));
  }

  /** One unit alone, with those quantities that have one of this position. */
  unit(layer: number, sample: number, unit: number): Sample {
    return kept(this.units, `${layer} ${sample} ${unit}`, () => readSample(this.layer(layer), sample, unit));
  }

  private layer(index: number): ReportLayer {
    return this.data.layers[index] as ReportLayer;
  }
}

function kept(known: Map<string, Sample>, key: string, read: () => Sample): Sample {
  const sample = known.get(key) ?? read();
  known.set(key, sample);
  return sample;
}

function readSample(layer: ReportLayer, sample: number, unit?: number): Sample {
  const { timesteps, unitIndices, activation, recurrentActivation, gateActivations, quantities, mask } = layer;
  const { sequences, derivesH } = layer;
  const widths: Record<string, number> = {};
  const values: Record<string, Float32Array> = {};
  const read = (quantity: string) => decode(sequences, { sample, timesteps, quantity }, unit);
  for (const quantity of quantities) {
    const isDerived = derivesH && quantity === 'h';
    const width = sequences.scales[isDerived ? 'o' : quantity]?.width ?? 0;
    if (unit !== undefined && unit >= width) continue;
    widths[quantity] = unit === undefined ? width : 1;
    defineLazily(values, quantity, () =>
      isDerived ? hiddenState(values.o as Float32Array, values.c as Float32Array) : read(quantity),
    );
  }
  const indices = unit === undefined ? unitIndices : [unitIndices[unit] ?? unit];
  return {
    sample,
    timesteps,
    units: indices.length,
    unitIndices: indices,
    activation,
    recurrentActivation,
    gateActivations,
    valid: Array.from({ length: timesteps }, (_, t) => mask === null || mask[sample * timesteps + t] !== 0),
    widths,
    values,
  };
}

/** A property that is computed when it is first asked for: nobody looks at all quantities of all units at once. */
function defineLazily(values: Record<string, Float32Array>, key: string, compute: () => Float32Array): void {
  Object.defineProperty(values, key, {
    enumerable: true,
    configurable: true,
    get() {
      const value = compute();
      Object.defineProperty(values, key, { enumerable: true, value });
      return value;
    },
  });
}

function hiddenState(o: Float32Array, c: Float32Array): Float32Array {
  const h = new Float32Array(o.length);
  for (let n = 0; n < h.length; n++) h[n] = (o[n] as number) * Math.tanh(c[n] as number);
  return h;
}
