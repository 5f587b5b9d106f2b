import { describeValue } from '../core/errors.js';
import type { LSTMArgs, LSTMCellArgs } from '../layers/arguments.js';
import type { Field } from './fields.js';
import type { FixtureConfig, LSTMFixtureConfig, SingleFixtureConfig, StackArgs } from './fixture.js';

type Read = (field: Field) => unknown;

const readBoolean: Read = (field) => field.boolean();
const readString: Read = (field) => field.string();
const readRate: Read = (field) => {
  const rate = field.number();
  if (rate < 0 || rate >= 1) throw field.fail('in [0, 1)');
  return rate;
};
// As tfjs serializes them: initializers, regularizers, constraints.
const readObject: Read = (field) => ({
  className: field.at('className').string(),
  config: field.at('config').orNull((config) => config.object()) ?? {},
});

const CELL_FIELDS: Record<string, Read> = {
  units: (field) => field.integer(1),
  activation: readString,
  recurrentActivation: readString,
  useBias: readBoolean,
  unitForgetBias: readBoolean,
  dropout: readRate,
  recurrentDropout: readRate,
  kernelInitializer: readObject,
  recurrentInitializer: readObject,
  biasInitializer: readObject,
  kernelRegularizer: readObject,
  recurrentRegularizer: readObject,
  biasRegularizer: readObject,
  kernelConstraint: readObject,
  recurrentConstraint: readObject,
  biasConstraint: readObject,
};
// The defaults of tfjs and Keras differ here, so that a document without them could mean two things.
const REQUIRED_CELL_FIELDS = ['units', 'activation', 'recurrentActivation', 'useBias', 'unitForgetBias'];

const STACK_FIELDS: Record<string, Read> = {
  returnSequences: readBoolean,
  returnState: readBoolean,
  goBackwards: readBoolean,
  stateful: readBoolean,
};

const LAYER_FIELDS: Record<string, Read> = {
  ...CELL_FIELDS,
  ...STACK_FIELDS,
  zeroOutputForMask: readBoolean,
  activityRegularizer: readObject,
};

function readArguments(field: Field, readers: Record<string, Read>, required: string[]): Record<string, unknown> {
  const present = field.keys();
  for (const key of present) {
    if (!Object.hasOwn(readers, key))
      throw field.fail(`made of [${Object.keys(readers).join(', ')}], not ${describeValue(key)},`);
  }
  const keys = [...required, ...present.filter((key) => !required.includes(key))];
  return Object.fromEntries(keys.map((key) => [key, (readers[key] as Read)(field.at(key))]));
}

function readLSTM(field: Field): LSTMFixtureConfig {
  field.at('kind').oneOf(['lstm']);
  const args = readArguments(field.at('args'), LAYER_FIELDS, REQUIRED_CELL_FIELDS);
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
        cells: cells.map((cell) => readArguments(cell, CELL_FIELDS, REQUIRED_CELL_FIELDS) as unknown as LSTMCellArgs),
        args: readArguments(field.at('args'), STACK_FIELDS, []) as StackArgs,
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
