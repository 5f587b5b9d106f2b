import { invalidArgument } from '../../core/errors.js';
import type { BuiltInCell } from '../../host/types.js';
import type { ChronoInitializer } from './chrono.js';

/** By name, as the ES module and the CommonJS build may both be loaded. */
const WHOLE_BIAS = ['ChronoInitializer', 'ForgetBiasInitializer'];

/**
 * Checks that a bias initializer of this package is used as it is meant: it sets the bias of all gates, which
 * `unitForgetBias` would ask for in parts, and chrono's values are those of one recurrent activation.
 *
 * @throws RangeError
 */
export function requireFittingBias(where: string, cell: BuiltInCell): void {
  const { biasInitializer, unitForgetBias, recurrentActivation } = cell;
  const name = biasInitializer?.getClassName();
  if (name === undefined || !WHOLE_BIAS.includes(name)) return;
  if (unitForgetBias) {
    throw invalidArgument(where, `unitForgetBias must be false with ${name}, which sets the whole bias`, true);
  }
  const meant = (biasInitializer as Partial<ChronoInitializer>).recurrentActivation;
  const activation = recurrentActivation.getClassName();
  if (meant !== undefined && meant !== activation) {
    const rule = `the recurrentActivation of ${name} must be the layer's, '${activation}'`;
    throw invalidArgument(where, rule, meant);
  }
}
