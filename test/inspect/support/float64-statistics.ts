import { byQuantity } from '../../../src/core/quantities.js';
import type { GateStatistics, Quantity } from '../../../src/inspect/index.js';
import type { Sequences } from './traces.js';

interface Found {
  value: number;
  unit: number;
  timestep: number;
}

interface Options {
  mask: number[][] | null;
  activation: string;
  recurrentActivation: string;
  low: number;
  high: number;
}

/** The statistics of a trace as their definitions say, from lists of all values: what the real ones are held to. */
export function float64Statistics(sequences: Sequences, options: Options): GateStatistics {
  const units = sequences.i[0]?.[0]?.length as number;
  const found = byQuantity((quantity) => validValues(sequences[quantity], options.mask));
  const finite = byQuantity((quantity) => found[quantity].filter(({ value }) => Number.isFinite(value)));
  const ofUnit = (quantity: Quantity, unit: number) =>
    finite[quantity].filter((one) => one.unit === unit).map(({ value }) => value);
  const byUnit = <Value>(valueOfUnit: (unit: number) => Value) =>
    Array.from({ length: units }, (_, unit) => valueOfUnit(unit));
  const fractions = (gate: Quantity, holds: (value: number) => boolean) =>
    byUnit((unit) => {
      const values = ofUnit(gate, unit);
      return values.length === 0 ? null : values.filter(holds).length / values.length;
    });
  const gate = (name: Quantity) => ({
    ...meanAndStd(finite[name]),
    leftSaturated: fractions(name, (value) => value < options.low),
    rightSaturated: fractions(name, (value) => value > options.high),
    zeroGradient: options.recurrentActivation.startsWith('hard')
      ? fractions(name, (value) => value === 0 || value === 1)
      : null,
  });
  const state = (name: Quantity) => ({ ...meanAndStd(finite[name]), ...extremes(finite[name]) });
  return {
    units,
    activation: options.activation,
    recurrentActivation: options.recurrentActivation,
    validSteps: found.i.length / units,
    low: options.low,
    high: options.high,
    i: gate('i'),
    f: gate('f'),
    o: gate('o'),
    g: state('g'),
    c: state('c'),
    h: state('h'),
    nonFinite: byQuantity((quantity) => nonFinite(found[quantity])),
    memoryHorizon: byUnit((unit) => horizon(ofUnit('f', unit))),
  };
}

function validValues(sequence: number[][][], mask: number[][] | null): Found[] {
  return sequence.flatMap((steps, sample) =>
    steps.flatMap((units, timestep) =>
      mask !== null && mask[sample]?.[timestep] === 0 ? [] : units.map((value, unit) => ({ value, unit, timestep })),
    ),
  );
}

function meanAndStd(values: Found[]): { mean: number | null; std: number | null } {
  if (values.length === 0) return { mean: null, std: null };
  const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
  const mean = sum(values.map(({ value }) => value)) / values.length;
  return { mean, std: Math.sqrt(sum(values.map(({ value }) => (value - mean) ** 2)) / values.length) };
}

function extremes(values: Found[]): { min: number | null; max: number | null } {
  const sorted = values.map(({ value }) => value).sort((a, b) => a - b);
  return { min: sorted[0] ?? null, max: sorted.at(-1) ?? null };
}

function nonFinite(values: Found[]) {
  const timesteps = values.filter(({ value }) => !Number.isFinite(value)).map(({ timestep }) => timestep);
  return { count: timesteps.length, firstTimestep: timesteps.length === 0 ? null : Math.min(...timesteps) };
}

function horizon(forgetGates: number[]): number | null {
  if (forgetGates.length === 0 || forgetGates.some((value) => value < 0)) return null;
  if (forgetGates.includes(0)) return 0;
  const product = forgetGates.reduce((total, value) => total + Math.log(value), 0);
  return product < 0 ? -forgetGates.length / product : null;
}
