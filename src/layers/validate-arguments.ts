import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../core/errors.js';
import { closestName } from '../core/options.js';
import { CELL_ARGUMENTS, LAYER_FLAGS, type LSTMArgs, type LSTMCellArgs } from './arguments.js';

type Arguments = Readonly<Record<string, unknown>>;

/**
 * Checks a cell's arguments.
 *
 * @throws RangeError for the first argument that breaks its rule.
 */
export function validateCellArguments(where: string, args: LSTMCellArgs): void {
  if (typeof args !== 'object' || args === null) throw invalidArgument(where, 'the arguments must be an object', args);
  if (!Number.isSafeInteger(args.units) || args.units < 1) {
    throw invalidArgument(where, 'units must be a positive integer', args.units);
  }
  const values = args as unknown as Arguments;
  requireRate(where, values, 'dropout');
  requireRate(where, values, 'recurrentDropout');
  requireBoolean(where, values, 'useBias');
  requireBoolean(where, values, 'unitForgetBias');
  if (args.seed != null && !Number.isSafeInteger(args.seed)) {
    throw invalidArgument(where, 'seed must be an integer', args.seed);
  }
  if (args.dropoutFunc != null && typeof args.dropoutFunc !== 'function') {
    throw invalidArgument(where, 'dropoutFunc must be a function', args.dropoutFunc);
  }
  for (const [name, rule] of HOST_OBJECTS) requireHostObject(where, values, name, rule);
}

/**
 * Checks a layer's arguments.
 *
 * @throws RangeError for the first argument that breaks its rule.
 */
export function validateLSTMArguments(where: string, args: LSTMArgs): void {
  validateCellArguments(where, args as LSTMCellArgs);
  const values = args as unknown as Arguments;
  for (const name of LAYER_FLAGS) requireBoolean(where, values, name);
  if (![undefined, null, 'auto', true, false].includes(args.useFused)) {
    throw invalidArgument(where, "useFused must be 'auto', true or false", args.useFused);
  }
  requireRegularizer(where, values, 'activityRegularizer');
}

/** Warns of every argument that nobody reads, with the name that was probably meant. */
export function warnOfUnknownArguments(where: string, args: object, known: readonly string[]): void {
  for (const name of Object.keys(args)) {
    if (known.includes(name)) continue;
    const meant = closestName(name, known);
    const hint = meant === undefined ? '' : ` Did you mean '${meant}'?`;
    console.warn(`${where}: the argument '${name}' is unknown and has no effect.${hint}`);
  }
}

/** The arguments that tfjs turns from a name or a config into an object. */
const HOST_OBJECTS: [name: string, rule: string][] = CELL_ARGUMENTS.flatMap((name) => {
  const kind = /(Initializer|Regularizer|Constraint|ctivation)$/.exec(name)?.[1]?.toLowerCase();
  const noun = kind === 'ctivation' ? 'activation' : kind;
  return noun === undefined ? [] : [[name, knownToHost(name, noun)]];
});

function knownToHost(name: string, noun: string): string {
  return `${name} must be known to tfjs, as the name, config or instance of some ${noun}`;
}

function requireRate(where: string, args: Arguments, name: string): void {
  const rate = args[name];
  if (rate == null) return;
  if (typeof rate !== 'number' || !(rate >= 0 && rate < 1)) {
    throw invalidArgument(where, `${name} must be a number in [0, 1)`, rate);
  }
}

function requireBoolean(where: string, args: Arguments, name: string): void {
  const value = args[name];
  if (value != null && typeof value !== 'boolean') {
    throw invalidArgument(where, `${name} must be a boolean`, value);
  }
}

function requireHostObject(where: string, args: Arguments, name: string, rule: string): void {
  if (args[name] == null) return;
  try {
    // The name keeps the probe from using up one of tfjs's automatic layer names.
    const probe = tf.layers.lstmCell({ units: 1, name: 'probe', [name]: args[name] });
    const parsed = (probe as unknown as Record<string, { apply?: unknown; getConfig?: unknown } | undefined>)[name];
    if (typeof parsed?.apply !== 'function') throw new TypeError(`${name} has no apply()`);
  } catch (cause) {
    throw invalidArgument(where, rule, args[name], { cause });
  }
}

function requireRegularizer(where: string, args: Arguments, name: string): void {
  requireHostObject(where, { kernelRegularizer: args[name] }, 'kernelRegularizer', knownToHost(name, 'regularizer'));
}
