import type { LSTMCellArgs, VariantArguments } from '../layers/arguments.js';
import { warnOfUnknownArguments } from '../layers/validate-arguments.js';

/** What papers, and the packages that follow them, mean where they say nothing, unlike `tf.layers.lstmCell`. */
export const PAPER_DEFAULTS = {
  recurrentActivation: { type: 'activation', default: 'sigmoid' },
  kernelInitializer: { type: 'initializer', default: 'glorotUniform' },
} as const satisfies VariantArguments;

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
