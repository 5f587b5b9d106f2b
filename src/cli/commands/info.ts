import * as tf from '@tensorflow/tfjs';
import { FileError } from '../../formats/file-error.js';
import { type FoundLSTM, findLSTMs } from '../../inspect/model/find-lstms.js';
import { blockNamesOf, blocksByWeight } from '../../inspect/weights/by-block.js';
import { type WeightNormsByGate, weightNormsByGate } from '../../inspect/weights/weight-norms-by-gate.js';
import { amount, lstmName } from '../../inspect/words.js';
import { LSTM_BRAND, LSTM_CELL_BRAND } from '../../layers/brand.js';
import { cellToRun } from '../../layers/foreign-lstm.js';
import { LSTMCell } from '../../layers/lstm-cell.js';
import type { OpenedFile, StoredModule, WeightsFile } from '../formats/file-format.js';
import { openFile } from '../formats/formats.js';
import { printable } from '../terminal.js';

/** What `info --json` prints of a whole model. */
export interface ModelInfo {
  /** The file's. */
  format: string;
  /** The framework and its version; null where the file does not say. */
  writtenBy: string | null;
  name: string;
  /** How many numbers its weights have. */
  weights: number;
  layers: { name: string; class: string; outputShape: tf.Shape | tf.Shape[]; weights: number }[];
  lstms: LSTMInfo[];
}

/** What `info --json` prints of a file of weights. */
export interface WeightsInfo {
  format: string;
  writtenBy: string | null;
  /** Why no layers can be made of any of its weights; null where they can. */
  refusal: string | null;
  modules: ModuleInfo[];
  others: { noun: string; count: number; list: string[] };
}

/** An LSTM among weights. */
export interface ModuleInfo extends Omit<StoredModule, 'toLayers'> {
  /** The layers that are made of it; null where none can. */
  opensAs: string[] | null;
  /** Why none can of this one. */
  reason: string | null;
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
async function modelInfo(model: tf.LayersModel, { format, writtenBy }: OpenedFile): Promise<ModelInfo> {
  return {
    format,
    writtenBy,
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

async function weightsInfo({ format, writtenBy, modules, others, refusal }: WeightsFile): Promise<WeightsInfo> {
  const described: ModuleInfo[] = [];
  // One after the other: their layers need not all be in memory at once.
  for (const { toLayers, ...module } of modules) {
    described.push({
      ...module,
      ...(refusal === null ? await whatItOpensAs(toLayers) : { opensAs: null, reason: null }),
    });
  }
  return { format, writtenBy, refusal, modules: described, others };
}

async function whatItOpensAs(toLayers: StoredModule['toLayers']): Promise<Pick<ModuleInfo, 'opensAs' | 'reason'>> {
  try {
    const layers = await toLayers();
    const opensAs = layers.map(describeLayer);
    tf.dispose(layers.flatMap((layer) => layer.getWeights()));
    return { opensAs, reason: null };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const { place, rule, advice } = error;
    return { opensAs: null, reason: new FileError(place, rule, advice === undefined ? {} : { advice }).message };
  }
}

/** `bidirectional(lstm)`, `lstm({ cell: peepholeCell })`, as a program makes it. */
function describeLayer(layer: tf.layers.Layer): string {
  const { forwardLayer } = layer as { forwardLayer?: tf.layers.Layer };
  if (forwardLayer !== undefined) return `bidirectional(${describeLayer(forwardLayer)})`;
  const { cell } = layer as { cell?: tf.layers.Layer };
  const cellClass = cell?.getClassName() ?? '';
  if (cellClass === LSTMCell.className) return 'lstm';
  // Classes are named after the functions that make them: ExplicitPeepholeCell.
  const name = cellClass.replace(/^Explicit/, '');
  return `lstm({ cell: ${name.charAt(0).toLowerCase()}${name.slice(1)} })`;
}

/**
 * What there is in a file: of a model its layers, of weights the LSTMs among them.
 *
 * @param onNote Is told what is not as it was where the model was made.
 * @throws UserError for a file of no known format. FileError for one that is damaged.
 */
export async function fileInfo(path: string, onNote: (note: string) => void): Promise<ModelInfo | WeightsInfo> {
  const file = await openFile(path);
  if (file.kind === 'weights') return weightsInfo(file);
  const model = await file.load(onNote);
  try {
    return await modelInfo(model, file);
  } finally {
    model.dispose();
  }
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

const count = (number: number) => number.toLocaleString('en');

function sourceText({ format, writtenBy }: ModelInfo | WeightsInfo): string {
  return `${format}, ${writtenBy === null ? 'which does not say who wrote it' : `written by ${writtenBy}`}\n`;
}

function modelInfoText(info: ModelInfo): string {
  const { name, weights, layers, lstms } = info;
  const rows = layers.map((layer) => [layer.name, layer.class, shapeText(layer.outputShape), count(layer.weights)]);
  const found = lstms.length === 0 ? '\nIt has no LSTM.\n' : lstms.map(lstmText).join('');
  const listed = table([['layer', 'class', 'output', 'weights'], ...rows], 3);
  return `Model '${name}': ${count(weights)} weights\n${sourceText(info)}\n${listed}${found}`;
}

/** How many things of little interest are listed. */
const MOST_LISTED = 8;

function weightsInfoText(info: WeightsInfo): string {
  const { modules, others } = info;
  const parts = [sourceText(info)];
  if (modules.length === 0) parts.push('It has no LSTM.\n');
  for (const module of modules) parts.push(moduleText(module));
  const shown = others.list.slice(0, MOST_LISTED).join(', ') + (others.list.length > MOST_LISTED ? ', …' : '');
  const besides = modules.length === 0 ? '' : ' besides';
  parts.push(
    others.count === 0
      ? `No ${others.noun}s${besides}.\n`
      : `${count(others.count)} ${others.noun}${others.count === 1 ? '' : 's'}${besides}: ${shown}\n`,
  );
  if (info.refusal !== null) parts.push(`The file ${info.refusal}.\n`);
  return parts.join('\n');
}

function moduleText({ name, units, features, layers, direction, opensAs, reason, ...module }: ModuleInfo): string {
  const size = (number: number | null, noun: string) => (number === null ? `? ${noun}s` : amount(number, noun));
  const what = module.class ?? 'a module that cannot be read';
  const sizes = `${size(units, 'unit')}, reads ${size(features, 'feature')}, ${size(layers, 'layer')}, ${direction}`;
  const head = `${name === '' ? 'Without a prefix' : `'${name}'`}: ${what}\n`;
  const known = module.class === null ? '' : `  ${sizes}\n`;
  const opens = opensAs === null ? '' : `  opens as ${opensAs.join(', ')}\n`;
  const note = module.note === null || opens === '' ? '' : `  note: ${module.note}\n`;
  return head + known + opens + note + (reason === null ? '' : `  cannot be opened: ${reason}\n`);
}

/** The same as text. */
export function fileInfoText(info: ModelInfo | WeightsInfo): string {
  return printable('layers' in info ? modelInfoText(info) : weightsInfoText(info));
}
