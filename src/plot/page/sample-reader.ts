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
  const rows: Record<string, Float32Array> = {};
  const ends: Record<string, [number, number]> = {};
  const read = (quantity: string) => decode(sequences, { sample, timesteps, quantity }, unit);
  for (const quantity of quantities) {
    const isDerived = derivesH && quantity === 'h';
    const scale = sequences.scales[isDerived ? 'o' : quantity];
    const width = scale?.width ?? 0;
    if (unit !== undefined && unit >= width) continue;
    widths[quantity] = unit === undefined ? width : 1;
    if (scale !== undefined && !isDerived) ends[quantity] = [scale.low, scale.high];
    defineLazily(rows, quantity, () =>
      isDerived ? hiddenState(rows.o as Float32Array, rows.c as Float32Array) : read(quantity),
    );
    defineLazily(values, quantity, () => byStep(rows[quantity] as Float32Array, timesteps));
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
    rows,
    ends,
  };
}

/** [width, T] to [T, width]. */
function byStep(rows: Float32Array, timesteps: number): Float32Array {
  const width = rows.length / timesteps;
  if (width === 1) return rows;
  const values = new Float32Array(rows.length);
  let at = 0;
  for (let n = 0; n < width; n++) for (let t = 0; t < timesteps; t++) values[t * width + n] = rows[at++] as number;
  return values;
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
