import { kindOfTrace, readTrace, type TraceKind, type TraceValues } from '../../inspect/statistics/read-trace.js';
import type { LayerTrace } from '../../inspect/trace/trace-model.js';
import { lstmName } from '../../inspect/words.js';
import { encodeSequences, type Sequences } from '../page/encoding.js';
import type { ReportLayer } from '../page/report-data.js';
import type { Sample } from '../rows/sample.js';
import { unitOrder } from '../rows/unit-order.js';
import { drawnSize, valuesOfSample } from './drawn-size.js';
import { packedLength } from './packing.js';

/** What is drawn, and what of the traces is left out, in words. */
export interface DrawnLayers {
  samples: number;
  layers: ReportLayer[];
  omissions: string[];
}

/** Bits of each value, the best first: as many as let all samples fit. With fewer than the last, numbers mean little. */
const BITS = [16, 8, 7, 6, 5];
const FEWEST_BITS = BITS.at(-1) as number;

/** Samples differ in how far they can be packed. */
const MARGIN = 1.03;

/** The first samples of each trace, as much as fits into so many bytes. */
export async function reportLayers(
  traces: readonly LayerTrace[],
  { samples, largestBytes, labelled }: { samples: number; largestBytes: number; labelled: number | null },
): Promise<DrawnLayers> {
  const drawn = traces.filter(({ trace }) => trace.h.size > 0);
  if (drawn.length === 0) return { samples: 0, layers: [], omissions: [] };
  const wholes = await Promise.all(
    drawn.map(async (layerTrace): Promise<WholeLayer> => {
      const values = await readTrace(layerTrace.trace);
      return { layerTrace, values, kind: kindOfTrace(layerTrace.trace) };
    }),
  );
  const sizes = wholes.map(({ values, kind }) => ({
    timesteps: values.timesteps,
    units: kind.units,
    quantities: quantitiesPerUnit(kind),
  }));
  const batch = Math.min(samples, ...wholes.map(({ values }) => values.batch));
  const { bits, mostValues } = coarseness(wholes, valuesOfSample(sizes), batch, largestBytes);
  const size = drawnSize(sizes, batch, mostValues);
  const layers = wholes.map((whole, n) => {
    const { timesteps, units } = size.layers[n] as { timesteps: number; units: number };
    const positions = mostActive(whole, units);
    return reportLayer(whole, { samples: size.samples, timesteps, positions, labelled, bits });
  });
  const omissions = layers.flatMap(({ title, timesteps, unitIndices }, n) => {
    const whole = sizes[n] as { timesteps: number; units: number };
    const left: string[] = [];
    if (unitIndices.length < whole.units) left.push(`the ${unitIndices.length} most active of ${whole.units} units`);
    if (timesteps < whole.timesteps) left.push(`the first ${timesteps} of ${whole.timesteps} timesteps`);
    return left.length === 0 ? [] : [`${title}: ${left.join(', ')}`];
  });
  if (bits <= FEWEST_BITS + 1) omissions.push(`values are rounded to one of ${2 ** bits - 1} levels`);
  return { samples: size.samples, layers, omissions };
}

interface WholeLayer {
  layerTrace: LayerTrace;
  values: TraceValues;
  kind: TraceKind;
}

/**
 * How finely values are kept, and how many of them then fit, as the first sample shows.
 *
 * @param values How many the first sample has.
 */
function coarseness(
  wholes: readonly WholeLayer[],
  values: number,
  samples: number,
  largestBytes: number,
): { bits: number; mostValues: number } {
  const first = wholes.map((whole) => {
    const positions = Array.from({ length: whole.kind.units }, (_, unit) => unit);
    const { timesteps } = whole.values;
    return { timesteps, kept: keptSequences(whole, { samples: 1, timesteps, positions }).kept };
  });
  let bytes = 0;
  for (const bits of BITS) {
    bytes = first.reduce((sum, { timesteps, kept }) => {
      const [sample] = encodeSequences(kept, { timesteps, bits, samples: 1 }).samples;
      return sum + packedLength(sample as Uint8Array);
    }, 0);
    if (bytes * samples * MARGIN <= largestBytes) return { bits, mostValues: values * samples };
  }
  return { bits: FEWEST_BITS, mostValues: (largestBytes / bytes / MARGIN) * values };
}

/** What of a layer is drawn. */
interface Part {
  samples: number;
  timesteps: number;
  /** Of the units. */
  positions: number[];
}

interface Choice extends Part {
  /** The number of labels along time, if any. */
  labelled: number | null;
  bits: number;
}

function reportLayer(whole: WholeLayer, { samples, timesteps, positions, labelled, bits }: Choice): ReportLayer {
  const {
    layerTrace: { trace, ...name },
    values: { sequences, mask, timesteps: wholeLength },
    kind: { activation, recurrentActivation, gateActivations },
  } = whole;
  const { kept, steps, derivesH } = keptSequences(whole, { samples, timesteps, positions });
  return {
    title: lstmName(name),
    timesteps,
    unitIndices: positions.map((unit) => trace.unitIndices?.[unit] ?? unit),
    hasLabels: wholeLength === labelled,
    activation,
    recurrentActivation,
    gateActivations,
    quantities: Object.keys(sequences),
    sequences: encodeSequences(kept, { timesteps, bits, samples }),
    derivesH,
    mask: mask === null ? null : steps,
  };
}

interface Kept {
  /** Of a layer, what a page carries. */
  kept: Sequences;
  /** [S, T]: 0 is masked. */
  steps: Uint8Array;
  derivesH: boolean;
}

function keptSequences(
  { values: { sequences, mask, timesteps: whole }, kind: { units, widths = {} } }: WholeLayer,
  { samples, timesteps, positions }: Part,
): Kept {
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
    return { values, width: kept.length };
  };
  const steps = Uint8Array.from({ length: samples * timesteps }, (_, n) => {
    return mask?.[Math.floor(n / timesteps) * whole + (n % timesteps)] === 0 ? 0 : 1;
  });
  const kept: Record<string, { values: Float32Array; width: number }> = {};
  for (const quantity of Object.keys(sequences)) kept[quantity] = chosen(quantity);
  const derivesH = followsFromOAndC(kept, steps);
  if (derivesH) delete kept.h;
  return { kept, steps, derivesH };
}

/** Whether h is o · tanh(c) at every valid step, as in most layers: then it need not be carried. */
function followsFromOAndC({ o, c, h }: Sequences, steps: Uint8Array): boolean {
  if (o === undefined || c === undefined || h === undefined || o.width !== c.width || o.width !== h.width) return false;
  return h.values.every((value, n) => {
    if (steps[Math.floor(n / h.width)] === 0) return true;
    const computed = (o.values[n] as number) * Math.tanh(c.values[n] as number);
    return Object.is(value, computed) || Math.abs(value - computed) < NEGLIGIBLE;
  });
}

const NEGLIGIBLE = 1e-5;

/** How many values a unit has at a step, on average: 6 of the plain LSTM. */
function quantitiesPerUnit({ widths = {}, units }: TraceKind): number {
  return Object.values(widths).reduce((sum, width) => sum + width, 0) / units;
}

/** Positions of the units whose hidden state moves most in the first sample, in ascending order. */
function mostActive({ values: { sequences, mask, timesteps }, kind }: WholeLayer, count: number): number[] {
  const { units, activation, recurrentActivation, gateActivations, widths = {} } = kind;
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
