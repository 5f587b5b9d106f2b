/** Units whose memory horizons are alike. */
export interface HorizonBin {
  /** In timesteps. */
  shortest: number;
  longest: number;
  units: number[];
}

/** A horizon below it is drawn there: the cell forgets within a step. */
export const SHORTEST_HORIZON = 0.125;

/** About as many bars as can be told apart, and bins for each factor of two: more of them where horizons are alike. */
const MOST_BINS = 24;
const BINS_PER_OCTAVE = [16, 8, 4, 2];
/** Factors of two that an axis has at least: less would look like all there can be. */
const FEWEST_OCTAVES = 4;
/** Room beside the line at the length of the sequences. */
const BESIDE_LENGTH = 1.1;

/**
 * Counts memory horizons on a logarithmic scale.
 *
 * @param horizons Of the units, in timesteps; null where it is infinite or undefined, which has no bin.
 * @param all What the bins are chosen by, where several layers are drawn alike.
 */
export function horizonBins(horizons: readonly (number | null)[], all = horizons): HorizonBin[] {
  const perOctave = binsPerOctave(all);
  const bins = new Map<number, number[]>();
  for (const [unit, horizon] of horizons.entries()) {
    if (horizon === null) continue;
    const bin = Math.floor(perOctave * Math.log2(Math.max(horizon, SHORTEST_HORIZON)));
    bins.set(bin, [...(bins.get(bin) ?? []), unit]);
  }
  const edge = (bin: number) => Number((2 ** (bin / perOctave)).toPrecision(4));
  return [...bins.entries()]
    .sort(([a], [b]) => a - b)
    .map(([bin, units]) => ({ shortest: edge(bin), longest: edge(bin + 1), units }));
}

/** From where to where an axis goes: over all bins, the length of the sequences, and some octaves at least. */
export function horizonDomain(bins: readonly HorizonBin[], timesteps?: number): [number, number] {
  const ends = bins.flatMap(({ shortest, longest }) => [shortest, longest]);
  if (timesteps !== undefined) ends.push(timesteps / BESIDE_LENGTH, timesteps * BESIDE_LENGTH);
  if (ends.length === 0) ends.push(1);
  const low = Math.log2(Math.min(...ends));
  const high = Math.log2(Math.max(...ends));
  const missing = Math.max(0, FEWEST_OCTAVES - (high - low)) / 2;
  return [Number((2 ** (low - missing)).toPrecision(4)), Number((2 ** (high + missing)).toPrecision(4))];
}

/** Powers of two within a domain, at most so many of them. */
export function horizonTicks([low, high]: readonly [number, number], most: number): number[] {
  const first = Math.ceil(Math.log2(low));
  const powers = Array.from({ length: Math.floor(Math.log2(high)) - first + 1 }, (_, n) => 2 ** (first + n));
  const stride = Math.ceil(powers.length / most);
  return powers.filter((_, n) => n % stride === 0);
}

/** Where a horizon stands within a domain, on a logarithmic scale: 0 at its lower end, 1 at its upper. */
export function horizonFraction(horizon: number, [low, high]: readonly [number, number]): number {
  return Math.log(horizon / low) / Math.log(high / low);
}

function binsPerOctave(horizons: readonly (number | null)[]): number {
  const drawn = horizons.filter((horizon) => horizon !== null).map((horizon) => Math.max(horizon, SHORTEST_HORIZON));
  const octaves = drawn.length === 0 ? 0 : Math.log2(Math.max(...drawn) / Math.min(...drawn));
  return BINS_PER_OCTAVE.find((count) => count * octaves <= MOST_BINS) ?? 1;
}
