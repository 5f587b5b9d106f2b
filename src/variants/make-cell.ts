import type { LSTMCellArgs, VariantArguments } from '../layers/arguments.js';
import { warnOfUnknownArguments } from '../layers/validate-arguments.js';

/** What papers, and the packages that follow them, mean where they say nothing, unlike `tf.layers.lstmCell`. */
export const PAPER_DEFAULTS = { recurrentActivation: 'sigmoid', kernelInitializer: 'glorotUniform' } as const;

/** A variant's arguments with these defaults, so that a config, which says everything, needs none. */
export function withPaperDefaults<Args extends LSTMCellArgs>(args: Args): Args {
  if (typeof args !== 'object' || args === null) return args;
  const complete = { ...args };
  complete.recurrentActivation ??= PAPER_DEFAULTS.recurrentActivation;
  complete.kernelInitializer ??= PAPER_DEFAULTS.kernelInitializer;
  return complete;
}

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
