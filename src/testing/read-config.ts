import { describeValue } from '../core/errors.js';
import {
  ARGUMENTS,
  type Argument,
  type ArgumentName,
  argumentsOf,
  type LSTMArgs,
  type LSTMCellArgs,
  type Owner,
} from '../layers/arguments.js';
import type { Field } from './fields.js';
import type { FixtureConfig, LSTMFixtureConfig, SingleFixtureConfig, StackArgs } from './fixture.js';

/** The arguments that some of these take, as a fixture may have them. */
function fixtureArguments(...owners: Owner[]): ArgumentName[] {
  return argumentsOf(...owners).filter((name) => ARGUMENTS[name].inFixture !== 'never');
}

const CELL_FIELDS = fixtureArguments('cell');
const STACK_FIELDS = fixtureArguments('rnn');
const LAYER_FIELDS = fixtureArguments('cell', 'rnn', 'lstm');

function readArgument(field: Field, { type }: Argument): unknown {
  if (typeof type !== 'string') return field.keeping(type);
  if (type === 'activation') return field.string();
  // As tfjs serializes them: initializers, regularizers, constraints.
  return {
    className: field.at('className').string(),
    config: field.at('config').orNull((config) => config.object()) ?? {},
  };
}

function readArguments(field: Field, known: ArgumentName[]): Record<string, unknown> {
  const present = field.keys() as ArgumentName[];
  for (const key of present) {
    if (!known.includes(key)) throw field.fail(`made of [${known.join(', ')}], not ${describeValue(key)},`);
  }
  const required = known.filter((name) => ARGUMENTS[name].inFixture === 'always');
  const names = [...required, ...present.filter((name) => !required.includes(name))];
  return Object.fromEntries(names.map((name) => [name, readArgument(field.at(name), ARGUMENTS[name])]));
}

function readLSTM(field: Field): LSTMFixtureConfig {
  field.at('kind').oneOf(['lstm']);
  const args = readArguments(field.at('args'), LAYER_FIELDS);
  return { kind: 'lstm', args: args as unknown as LSTMArgs };
}

function readSingle(field: Field): SingleFixtureConfig {
  switch (field.at('kind').oneOf(['lstm', 'bidirectional', 'stackedCells'])) {
    case 'lstm':
      return readLSTM(field);
    case 'bidirectional': {
      const mergeMode = field.at('mergeMode').oneOf(['concat', 'sum', 'mul', 'ave', null]);
      return { kind: 'bidirectional', mergeMode, layer: readLSTM(field.at('layer')) };
    }
    case 'stackedCells': {
      const cells = field.at('cells').items();
      if (cells.length === 0) throw field.at('cells').fail('at least one cell');
      return {
        kind: 'stackedCells',
        cells: cells.map((cell) => readArguments(cell, CELL_FIELDS) as unknown as LSTMCellArgs),
        args: readArguments(field.at('args'), STACK_FIELDS) as StackArgs,
      };
    }
  }
}

/** Reads the layer's description; an argument that is not known is an error, not ignored. */
export function readConfig(field: Field): FixtureConfig {
  if (field.at('kind').oneOf(['lstm', 'bidirectional', 'stackedCells', 'sequential']) !== 'sequential') {
    return readSingle(field);
  }
  const items = field.at('layers').items();
  if (items.length === 0) throw field.at('layers').fail('at least one layer');
  const layers = items.map(readSingle);
  for (const [index, layer] of layers.slice(0, -1).entries()) {
    const args = layer.kind === 'bidirectional' ? layer.layer.args : layer.args;
    const separate = layer.kind === 'bidirectional' && layer.mergeMode === null;
    if (!args.returnSequences || args.returnState || separate) {
      throw (items[index] as Field).fail('a layer that returns sequences and nothing else, unless it is the last');
    }
  }
  return { kind: 'sequential', layers };
}
