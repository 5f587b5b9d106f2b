import type * as tf from '@tensorflow/tfjs';
import type { BuiltInCell, ConfigDict } from '../host/types.js';

/** Adds a cell's dropout function, which configs leave out, to the arguments of the cell that replaces it. */
export function withDropoutFunction(config: ConfigDict, cell: Pick<BuiltInCell, 'dropoutFunc'>): tf.LSTMCellLayerArgs {
  const { dropoutFunc } = cell;
  const args = dropoutFunc == null ? config : { ...config, dropoutFunc };
  return args as unknown as tf.LSTMCellLayerArgs;
}
