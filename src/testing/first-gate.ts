import { absoluteError } from './compare.js';
import { type FixtureGates, TRACE_NAMES, type TraceName } from './fixture.js';
import type { GateDifference } from './fixture-report.js';
import type { Tolerance } from './tolerance.js';

export type TraceValues = Record<TraceName, Float32Array>;

/** Finds the gate that departs first in the order of computation, in one LSTM. */
export function firstDifferingGate(
  expected: FixtureGates,
  received: TraceValues,
  { atol, rtol }: Tolerance,
): GateDifference | null {
  const [batch, timesteps, units] = expected.i.shape as [number, number, number];
  const { layer, cell, direction } = expected;
  for (let step = 0; step < timesteps; step++) {
    const timestep = direction === 'backward' ? timesteps - 1 - step : step;
    for (const gate of TRACE_NAMES) {
      for (let row = 0; row < batch * units; row++) {
        const [sample, unit] = [Math.floor(row / units), row % units];
        const flat = (sample * timesteps + timestep) * units + unit;
        const [wanted, found] = [expected[gate].values[flat] as number, received[gate][flat] as number];
        if (absoluteError(wanted, found) > atol + rtol * Math.abs(wanted)) {
          const index = [sample, timestep, unit];
          return { gate, layer, cell, direction, sample, timestep, unit, index, expected: wanted, received: found };
        }
      }
    }
  }
  return null;
}
