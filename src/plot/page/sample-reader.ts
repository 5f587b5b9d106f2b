import type { Sample } from '../rows/sample.js';
import { decodeSample } from './encoding.js';
import { unpack } from './packed.js';
import type { ReportData, ReportLayer } from './report-data.js';

/** Unpacks samples as they are looked at, each once. */
export function sampleReader({ layers }: ReportData): (layer: number, sample: number) => Sample {
  const read = new Map<string, Sample>();
  return (layer, sample) => {
    const key = `${layer} ${sample}`;
    const known = read.get(key) ?? readSample(layers[layer] as ReportLayer, sample);
    read.set(key, known);
    return known;
  };
}

function readSample(layer: ReportLayer, sample: number): Sample {
  const { timesteps, unitIndices, activation, recurrentActivation, gateActivations, quantities, mask } = layer;
  const stored = decodeSample(layer.sequences, sample, timesteps);
  if (layer.derivesH) stored.h = hiddenState(stored.o as Float32Array, stored.c as Float32Array);
  const values: Record<string, Float32Array> = {};
  for (const quantity of quantities) values[quantity] = stored[quantity] as Float32Array;
  const steps = mask === null ? null : unpack(mask);
  return {
    sample,
    timesteps,
    units: unitIndices.length,
    unitIndices,
    activation,
    recurrentActivation,
    gateActivations,
    valid: Array.from({ length: timesteps }, (_, t) => steps === null || steps[sample * timesteps + t] !== 0),
    values,
  };
}

function hiddenState(o: Float32Array, c: Float32Array): Float32Array {
  return o.map((gate, n) => gate * Math.tanh(c[n] as number));
}
