import { invalidArgument } from '../../core/errors.js';
import { cellToRun } from '../../layers/foreign-lstm.js';
import { requireUnits } from '../../sequence/read-call.js';
import type { FoundLSTM } from '../model/find-lstms.js';

/** Indices of the units to trace, for every LSTM or by `layerName`; layers that are not named keep all units. */
export type UnitChoice = readonly number[] | Readonly<Record<string, readonly number[]>>;

/** The units chosen for an LSTM; undefined for all. */
export type UnitsOf = (lstm: Pick<FoundLSTM, 'layerName'>) => readonly number[] | undefined;

/**
 * Checks a choice of units against the LSTMs of a model.
 *
 * @throws RangeError for a unit that an LSTM does not have, and for a name that no LSTM has.
 */
export function requireUnitChoice(where: string, lstms: FoundLSTM[], units: UnitChoice | null | undefined): UnitsOf {
  if (units == null) return () => undefined;
  const byName = isForAll(units) ? null : units;
  const names = new Set(lstms.map(({ layerName }) => layerName));
  for (const name of Object.keys(byName ?? {})) {
    const known = [...names].map((known) => `'${known}'`).join(', ');
    if (!names.has(name)) throw invalidArgument(where, `units must be by layer name, one of ${known}`, name);
  }
  const unitsOf: UnitsOf = ({ layerName }) => (isForAll(units) ? units : units[layerName]);
  for (const lstm of lstms) {
    const chosen = unitsOf(lstm);
    if (chosen !== undefined) requireUnits(where, { name: lstm.layerName, cell: cellToRun(lstm.lstmCell) }, chosen);
  }
  return unitsOf;
}

function isForAll(units: UnitChoice): units is readonly number[] {
  return Array.isArray(units);
}
