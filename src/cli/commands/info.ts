import type * as tf from '@tensorflow/tfjs';
import { type FoundLSTM, findLSTMs } from '../../inspect/model/find-lstms.js';
import { blockNamesOf, blocksByWeight } from '../../inspect/weights/by-block.js';
import { type WeightNormsByGate, weightNormsByGate } from '../../inspect/weights/weight-norms-by-gate.js';
import { amount, lstmName } from '../../inspect/words.js';
import { LSTM_BRAND, LSTM_CELL_BRAND } from '../../layers/brand.js';
import { cellToRun } from '../../layers/foreign-lstm.js';

/** What `info --json` prints. */
export interface ModelInfo {
  name: string;
  /** How many numbers its weights have. */
  weights: number;
  layers: { name: string; class: string; outputShape: tf.Shape | tf.Shape[]; weights: number }[];
  lstms: LSTMInfo[];
}

export interface LSTMInfo {
  layerName: string;
  direction: 'forward' | 'backward';
  cell: number;
  explicit: boolean;
  units: number;
  features: number;
  activation: string;
  recurrentActivation: string;
  returnSequences: boolean;
  returnState: boolean;
  stateful: boolean;
  norms: WeightNormsByGate;
}

async function describeLSTM({ layerName, direction, cell, layer, lstmCell }: FoundLSTM): Promise<LSTMInfo> {
  const { activation, recurrentActivation } = cellToRun(lstmCell);
  return {
    layerName,
    direction,
    cell,
    explicit: LSTM_BRAND in layer || LSTM_CELL_BRAND in lstmCell,
    units: lstmCell.units,
    features: lstmCell.kernel.shape[0] as number,
    activation: activation.getClassName(),
    recurrentActivation: recurrentActivation.getClassName(),
    returnSequences: layer.returnSequences ?? false,
    returnState: layer.returnState ?? false,
    stateful: layer.stateful ?? false,
    norms: await weightNormsByGate(lstmCell),
  };
}

/** The shape of what a layer puts out; of one that is called several times, in its last call. */
function outputShapeOf(layer: tf.layers.Layer): tf.Shape | tf.Shape[] {
  // tfjs's type has one list fewer than there is.
  const shapes = layer.inboundNodes.at(-1)?.outputShapes as unknown as tf.Shape[];
  return shapes.length === 1 ? (shapes[0] as tf.Shape) : shapes;
}

/** What a model consists of, and how large the weights of every gate of its LSTMs are. */
export async function modelInfo(model: tf.LayersModel): Promise<ModelInfo> {
  return {
    name: model.name,
    weights: model.countParams(),
    layers: model.layers.map((layer) => ({
      name: layer.name,
      class: layer.getClassName(),
      outputShape: outputShapeOf(layer),
      weights: layer.countParams(),
    })),
    lstms: await Promise.all(findLSTMs(model).map(describeLSTM)),
  };
}

/**
 * Columns of text, two blanks apart.
 *
 * @param leftAligned How many columns, from the first on, are aligned to the left; the others are to the right.
 */
function table(rows: readonly (readonly string[])[], leftAligned = 1): string {
  const widths: number[] = [];
  for (const [n, cell] of rows.flatMap((row) => [...row.entries()])) {
    widths[n] = Math.max(widths[n] ?? 0, cell.length);
  }
  const aligned = (cell: string, n: number) =>
    n < leftAligned ? cell.padEnd(widths[n] as number) : cell.padStart(widths[n] as number);
  return rows.map((row) => `${row.map(aligned).join('  ').trimEnd()}\n`).join('');
}

function shapeText(shape: tf.Shape | tf.Shape[]): string {
  return JSON.stringify(shape).replaceAll('null', '?').replaceAll(',', ', ');
}

function normRow(name: string, norms: Readonly<Record<string, number>>, gates: readonly string[]): string[] {
  return [`  ${name}`, ...gates.map((gate) => norms[gate]?.toPrecision(3) ?? '')];
}

/** A property's name as people write it: `recurrent kernel`. */
function titleOf(property: string): string {
  return property.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function lstmText(lstm: LSTMInfo): string {
  const { explicit, units, features, norms } = lstm;
  const returns = lstm.returnSequences ? 'sequences' : 'the last output';
  const gates = blockNamesOf(norms);
  const rows = [['  norms of weights', ...gates]];
  for (const [property, byGate] of blocksByWeight(norms)) rows.push(normRow(titleOf(property), byGate, gates));
  return (
    `\nLSTM '${lstmName(lstm)}': ${amount(units, 'unit')}, reads ${amount(features, 'feature')}\n` +
    `  ${explicit ? 'of explicit-lstm' : 'built-in'}, activation ${lstm.activation}, ` +
    `recurrent activation ${lstm.recurrentActivation}\n` +
    `  returns ${returns}${lstm.returnState ? ' and states' : ''}${lstm.stateful ? ', stateful' : ''}\n` +
    table(rows)
  );
}

/** The same as text. */
export function modelInfoText({ name, weights, layers, lstms }: ModelInfo): string {
  const count = (number: number) => number.toLocaleString('en');
  const rows = layers.map((layer) => [layer.name, layer.class, shapeText(layer.outputShape), count(layer.weights)]);
  const found = lstms.length === 0 ? '\nIt has no LSTM.\n' : lstms.map(lstmText).join('');
  return `Model '${name}': ${count(weights)} weights\n\n${table([['layer', 'class', 'output', 'weights'], ...rows], 3)}${found}`;
}
