import { invalidArgument } from '../core/errors.js';
import { closestName } from '../core/options.js';
import { parseIdentifier, type Role } from '../host/parse-identifier.js';
import {
  ARGUMENTS,
  type Argument,
  type ArgumentName,
  argumentsOf,
  type LSTMArgs,
  type LSTMCellArgs,
  type Owner,
  type VariantArguments,
} from './arguments.js';
import type { ChronoInitializer } from './initializers/chrono.js';

/**
 * Checks a cell's arguments.
 *
 * @param variant Those that the cell has besides.
 * @throws RangeError for the first argument that breaks its rule.
 */
export function validateCellArguments(where: string, args: LSTMCellArgs, variant: VariantArguments = {}): void {
  validate(where, args, OF_CELL);
  const values = args as unknown as Record<string, unknown>;
  for (const [name, { type }] of Object.entries(variant)) requireValue(where, name, values[name], type);
}

/**
 * Checks a layer's arguments.
 *
 * @throws RangeError for the first argument that breaks its rule.
 */
export function validateLSTMArguments(where: string, args: LSTMArgs): void {
  validate(where, args, OF_LSTM);
}

/**
 * Checks the arguments of a layer over a given cell, but for the cell itself.
 *
 * @throws RangeError for the first argument that breaks its rule, and for one that is the cell's.
 */
export function validateOverCellArguments(where: string, args: object): void {
  const values = args as Record<string, unknown>;
  for (const name of argumentsOf('any layer', 'rnn', 'lstm')) {
    requireValue(where, name, values[name], ARGUMENTS[name].type);
  }
  const ofCell = argumentsOf('cell').find((name) => values[name] != null);
  if (ofCell === undefined) return;
  throw invalidArgument(where, `${ofCell} must be given to the cell, where there is one`, values[ofCell]);
}

const OF_CELL: Owner[] = ['any layer', 'cell'];
const OF_LSTM: Owner[] = [...OF_CELL, 'rnn', 'lstm'];

function validate(where: string, args: LSTMCellArgs | LSTMArgs, owners: Owner[]): void {
  if (typeof args !== 'object' || args === null) throw invalidArgument(where, 'the arguments must be an object', args);
  const values = args as Partial<Record<ArgumentName, unknown>>;
  for (const name of argumentsOf(...owners)) requireValue(where, name, values[name], ARGUMENTS[name].type);
  requireFittingBias(where, args);
}

function requireValue(where: string, name: string, value: unknown, type: Argument['type']): void {
  if (typeof type === 'string') {
    if (value != null) requireKnownToHost(where, name, value, type);
  } else if (value == null ? type.isRequired : !type.holds(value)) {
    throw invalidArgument(where, `${name} must be ${type.must}`, value);
  }
}

function requireKnownToHost(where: string, name: string, value: unknown, role: Role): void {
  try {
    parseIdentifier(role, value);
  } catch (cause) {
    const rule = `${name} must be known to tfjs, as the name, config or instance of some ${role}`;
    throw invalidArgument(where, rule, value, { cause });
  }
}

/** By name, as the ES module and the CommonJS build may both be loaded. */
const WHOLE_BIAS = ['ChronoInitializer', 'ForgetBiasInitializer'];

/**
 * Checks that a bias initializer of this package is used as it is meant: it sets the bias of all gates, which
 * `unitForgetBias` would ask for in parts, and chrono's values are those of one recurrent activation.
 */
function requireFittingBias(where: string, args: LSTMCellArgs): void {
  if (args.biasInitializer == null) return;
  const initializer = parseIdentifier('initializer', args.biasInitializer);
  const name = initializer.getClassName();
  if (!WHOLE_BIAS.includes(name)) return;
  if (args.unitForgetBias) {
    throw invalidArgument(where, `unitForgetBias must be false with ${name}, which sets the whole bias`, true);
  }
  const meant = (initializer as Partial<ChronoInitializer>).recurrentActivation;
  const given = args.recurrentActivation ?? ARGUMENTS.recurrentActivation.default;
  const activation = parseIdentifier('activation', given).getClassName();
  if (meant !== undefined && meant !== activation) {
    const rule = `the recurrentActivation of ${name} must be the layer's, '${activation}'`;
    throw invalidArgument(where, rule, meant);
  }
}

/** Warns of every argument that nobody reads, with the name that was probably meant. */
export function warnOfUnknownArguments(where: string, args: object, variant: VariantArguments = {}): void {
  const owners = where === 'lstm' ? OF_LSTM : OF_CELL;
  // tf.layers.lstm writes its cell into the caller's arguments, which may be passed on to here.
  const known: string[] = [...argumentsOf(...owners), ...(where === 'lstm' ? ['cell'] : Object.keys(variant))];
  for (const name of Object.keys(args)) {
    if (known.includes(name)) continue;
    const meant = closestName(name, known);
    const hint = meant === undefined ? '' : ` Did you mean '${meant}'?`;
    console.warn(`${where}: the argument '${name}' is unknown and has no effect.${hint}`);
  }
}
