import type { LSTMCellArgs, VariantArguments } from '../layers/arguments.js';
import { warnOfUnknownArguments } from '../layers/validate-arguments.js';

/** Makes a cell for a person, who is warned of arguments that nobody reads. */
export function makeCell<Args extends LSTMCellArgs, Cell>(
  where: string,
  cellClass: new (args: Args) => Cell,
  args: Args,
  variant: VariantArguments,
): Cell {
  const cell = new cellClass(args);
  warnOfUnknownArguments(where, args, variant);
  return cell;
}
