import { weightsFor } from '../core/weights.js';
import type { LSTMCellArgs } from '../layers/arguments.js';
import type { BidirectionalFixtureConfig, FixtureConfig, SingleFixtureConfig, StackArgs } from './fixture.js';

/** A tensor that a layer has or gives, with its shape. */
export interface Slot {
  name: string;
  shape: number[];
}

/** Which LSTM in a layer some gates belong to. */
export interface TraceSlot {
  direction: 'forward' | 'backward';
  cell: number;
  layer: number;
  units: number;
}

/** The tensors of a layer for B samples, T timesteps and D features, in tfjs's order. */
export interface LayerLayout {
  weights: Slot[];
  states: Slot[];
  outputs: Slot[];
  traces: TraceSlot[];
  /** Features of the output. */
  outputSize: number;
}

interface Sizes {
  batch: number;
  timesteps: number;
  features: number;
}

function cellWeights(args: LSTMCellArgs, features: number, prefix: string): Slot[] {
  return weightsFor(args).map(({ property, shape }) => ({
    name: `${prefix}${property}`,
    shape: shape(features, args.units),
  }));
}

function cellStates({ units }: LSTMCellArgs, batch: number, prefix: string): Slot[] {
  return ['h', 'c'].map((name) => ({ name: `${prefix}${name}`, shape: [batch, units] }));
}

function outputShape(args: StackArgs, { batch, timesteps }: Sizes, size: number): number[] {
  return args.returnSequences ? [batch, timesteps, size] : [batch, size];
}

function bidirectionalLayout(config: BidirectionalFixtureConfig, sizes: Sizes, prefix: string): LayerLayout {
  const { batch, features } = sizes;
  const { args } = config.layer;
  const separate = config.mergeMode === null;
  const size = config.mergeMode === 'concat' ? 2 * args.units : args.units;
  const states = ['forward.', 'backward.'].flatMap((direction) => cellStates(args, batch, direction));
  const names = separate ? ['forward.output', 'backward.output'] : ['output'];
  const outputs = names.map((name) => ({ name, shape: outputShape(args, sizes, size) }));
  return {
    weights: ['forward.', 'backward.'].flatMap((direction) => cellWeights(args, features, prefix + direction)),
    states,
    outputs: [...outputs, ...(args.returnState ? states : [])],
    traces: (args.goBackwards ? (['backward', 'forward'] as const) : (['forward', 'backward'] as const)).map(
      (direction) => ({ direction, cell: 0, layer: 0, units: args.units }),
    ),
    outputSize: size,
  };
}

function singleLayout(config: SingleFixtureConfig, sizes: Sizes, prefix: string): LayerLayout {
  if (config.kind === 'bidirectional') return bidirectionalLayout(config, sizes, prefix);
  const { batch, features } = sizes;
  const stacked = config.kind === 'stackedCells';
  const cells = config.kind === 'stackedCells' ? config.cells : [config.args];
  const prefixes = cells.map((_, index) => (stacked ? `cells.${index}.` : ''));
  const size = (cells.at(-1) as LSTMCellArgs).units;
  // tfjs lists the states of stacked cells from the last cell to the first.
  const states = cells
    .map((cell, index) => cellStates(cell, batch, prefixes[index] as string))
    .reverse()
    .flat();
  const direction = config.args.goBackwards ? 'backward' : 'forward';
  return {
    weights: cells.flatMap((cell, index) =>
      cellWeights(cell, index === 0 ? features : (cells[index - 1] as LSTMCellArgs).units, prefix + prefixes[index]),
    ),
    states,
    outputs: [
      { name: 'output', shape: outputShape(config.args, sizes, size) },
      ...(config.args.returnState ? states : []),
    ],
    traces: cells.map(({ units }, cell) => ({ direction, cell, layer: 0, units })),
    outputSize: size,
  };
}

/** Names and shapes of everything that a layer of this config has, takes and gives. */
export function layerLayout(config: FixtureConfig, sizes: Sizes): LayerLayout {
  if (config.kind !== 'sequential') return singleLayout(config, sizes, '');
  let { features } = sizes;
  const layouts = config.layers.map((layer, index) => {
    const layout = singleLayout(layer, { ...sizes, features }, `layers.${index}.`);
    features = layout.outputSize;
    return layout;
  });
  const last = layouts.at(-1) as LayerLayout;
  return {
    weights: layouts.flatMap((layout) => layout.weights),
    states: [],
    outputs: last.outputs,
    traces: layouts.flatMap((layout, layer) => layout.traces.map((trace) => ({ ...trace, layer }))),
    outputSize: last.outputSize,
  };
}
