import { kindOfTrace, readTrace, type TraceValues } from '../../inspect/statistics/read-trace.js';
import type { LayerTrace } from '../../inspect/trace/trace-model.js';
import { lstmName } from '../../inspect/words.js';
import { type EncodedValues, encodeValues } from '../page/encoding.js';
import type { ReportLayer } from '../page/report-data.js';
import { toBase64 } from '../rows/base64.js';
import type { Sample } from '../rows/sample.js';
import { unitOrder } from '../rows/unit-order.js';
import { drawnSize } from './drawn-size.js';

/** What is drawn, and what of the traces is left out, in words. */
export interface DrawnLayers {
  samples: number;
  layers: ReportLayer[];
  omissions: string[];
}

/** The first samples of each trace, as much as fits into so many bytes. */
export async function reportLayers(
  traces: readonly LayerTrace[],
  { samples, largestBytes, labelled }: { samples: number; largestBytes: number; labelled: number | null },
): Promise<DrawnLayers> {
  const drawn = traces.filter(({ trace }) => trace.h.size > 0);
  if (drawn.length === 0) return { samples: 0, layers: [], omissions: [] };
  const sizes = drawn.map(({ trace }) => ({
    timesteps: trace.h.shape[1],
    units: trace.units,
    quantities: quantitiesPerUnit(trace),
  }));
  const batch = Math.min(...drawn.map(({ trace }) => trace.h.shape[0]));
  const size = drawnSize(sizes, Math.min(batch, samples), largestBytes);
  const layers = await Promise.all(
    drawn.map(async (layerTrace, n) => {
      const { timesteps, units } = size.layers[n] as { timesteps: number; units: number };
      const values = await readTrace(layerTrace.trace);
      const positions = mostActive(layerTrace, values, units);
      return reportLayer(layerTrace, values, { samples: size.samples, timesteps, positions, labelled });
    }),
  );
  const omissions = layers.flatMap(({ title, timesteps, unitIndices }, n) => {
    const whole = sizes[n] as { timesteps: number; units: number };
    const left: string[] = [];
    if (unitIndices.length < whole.units) left.push(`the ${unitIndices.length} most active of ${whole.units} units`);
    if (timesteps < whole.timesteps) left.push(`the first ${timesteps} of ${whole.timesteps} timesteps`);
    return left.length === 0 ? [] : [`${title}: ${left.join(', ')}`];
  });
  return { samples: size.samples, layers, omissions };
}

interface Choice {
  samples: number;
  timesteps: number;
  /** Of the units. */
  positions: number[];
  /** The number of labels along time, if any. */
  labelled: number | null;
}

function reportLayer(
  { trace, ...name }: LayerTrace,
  { sequences, mask, timesteps: whole }: TraceValues,
  { samples, timesteps, positions, labelled }: Choice,
): ReportLayer {
  const { units, activation, recurrentActivation, gateActivations, widths = {} } = kindOfTrace(trace);
  const chosen = (quantity: string) => {
    const given = sequences[quantity] as ArrayLike<number>;
    const width = widths[quantity] as number;
    // What is not one a unit is left out from its end on, as much of it as of the units.
    const fewer = Array.from({ length: Math.ceil((width * positions.length) / units) }, (_, n) => n);
    const kept = width === units ? positions : fewer;
    const values = new Float32Array(samples * timesteps * kept.length);
    let at = 0;
    for (let sample = 0; sample < samples; sample++) {
      for (let t = 0; t < timesteps; t++) {
        for (const unit of kept) {
          values[at++] = given[(sample * whole + t) * width + unit] as number;
        }
      }
    }
    return encodeValues(values);
  };
  const encoded: Record<string, EncodedValues> = {};
  for (const quantity of Object.keys(sequences)) encoded[quantity] = chosen(quantity);
  const steps = Array.from({ length: samples * timesteps }, (_, n) => {
    return mask?.[Math.floor(n / timesteps) * whole + (n % timesteps)] === 0 ? 0 : 1;
  });
  return {
    title: lstmName(name),
    timesteps,
    unitIndices: positions.map((unit) => trace.unitIndices?.[unit] ?? unit),
    hasLabels: whole === labelled,
    activation,
    recurrentActivation,
    gateActivations,
    sequences: encoded,
    mask: mask === null ? null : toBase64(Uint8Array.from(steps)),
  };
}

/** How many values a unit has at a step, on average: 6 of the plain LSTM. */
function quantitiesPerUnit(trace: LayerTrace['trace']): number {
  const { widths = {}, units } = kindOfTrace(trace);
  return Object.values(widths).reduce((sum, width) => sum + width, 0) / units;
}

/** Positions of the units whose hidden state moves most in the first sample, in ascending order. */
function mostActive({ trace }: LayerTrace, { sequences, mask, timesteps }: TraceValues, count: number): number[] {
  const { units, activation, recurrentActivation, gateActivations, widths = {} } = kindOfTrace(trace);
  if (count === units) return Array.from({ length: units }, (_, unit) => unit);
  const ofFirst: Record<string, ArrayLike<number>> = {};
  for (const [quantity, values] of Object.entries(sequences)) {
    ofFirst[quantity] = Array.prototype.slice.call(values, 0, timesteps * (widths[quantity] as number));
  }
  const first: Sample = {
    sample: 0,
    timesteps,
    units,
    activation,
    recurrentActivation,
    gateActivations,
    values: ofFirst,
    unitIndices: Array.from({ length: units }, (_, unit) => unit),
    valid: Array.from({ length: timesteps }, (_, t) => mask?.[t] !== 0),
  };
  return unitOrder(first, 'activity')
    .slice(0, count)
    .sort((a, b) => a - b);
}
