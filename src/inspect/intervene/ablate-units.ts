import * as tf from '@tensorflow/tfjs';
import { describeValue, invalidArgument } from '../../core/errors.js';
import { A_FUNCTION, AN_ABORT_SIGNAL, CHECKED_LATER, checkOptions, type OptionRules } from '../../core/options.js';
import { tidy } from '../../core/tidy.js';
import { cellToRun, isLSTMLike } from '../../layers/foreign-lstm.js';
import type { Direction } from '../model/find-lstms.js';
import { type FoundLSTM, requireModelWithLSTM } from '../model/find-lstms.js';
import { type ModelInputs, modelInputs } from '../model/model-data.js';
import { leavingModelAlone } from '../model/model-left-alone.js';
import { editGates } from './edit-gates.js';
import { withUnits } from './with-units.js';

/** What silencing one unit does to a model's output. */
export interface UnitEffect {
  unit: number;
  /** Which LSTM of a Bidirectional layer the unit belongs to; otherwise 'forward' unless the layer reads backwards. */
  direction: Direction;
  /** Mean of |output without the unit - output|, over all elements of all outputs. */
  meanChange: number;
  /** The largest of these differences. */
  largestChange: number;
}

/** The options of `ablateUnits`. */
export interface AblationOptions {
  /** The layer's name, with its path in nested models ('encoder/lstm_1'). Of a Bidirectional, both directions are ablated. */
  layerName: string;
  /** Called after every unit. */
  onProgress?: (progress: { done: number; total: number }) => void;
  /** Cancels the work; the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
}

// The name must be one of the model's.
const RULES: OptionRules = { layerName: CHECKED_LATER, onProgress: A_FUNCTION, signal: AN_ABORT_SIGNAL };

/**
 * Ranks a layer's units by how much the model's output changes when one of them is silenced: its h is 0 at every timestep,
 * for all that reads it, including the layer's own recurrence. The model is not changed.
 *
 * ```ts
 * const [first] = await ablateUnits(model, x, { layerName: 'lstm' });
 * console.log(`unit ${first.unit} matters most: without it the output changes by ${first.meanChange}`);
 * ```
 *
 * It runs the model once more for each unit.
 *
 * @param model Any model with a built LSTM, of this package or of tfjs.
 * @param inputs As for `traceModel`.
 * @returns Every unit, the one with the largest mean change first.
 * @throws RangeError (as a rejection) for an unknown layer, for stacked cells, if the model's output is not finite to
 *   begin with, and in the cases in which `traceModel` does.
 * @category What would happen if
 */
export async function ablateUnits(
  model: tf.LayersModel,
  inputs: ModelInputs,
  options: AblationOptions,
): Promise<UnitEffect[]> {
  checkOptions('ablateUnits', options, RULES);
  const { layerName, onProgress, signal } = options;
  const found = requireLSTM(model, layerName);
  const { list, dispose } = modelInputs('ablateUnits', model, inputs);
  const candidates = found.flatMap(({ layer, direction, lstmCell }) =>
    Array.from({ length: cellToRun(lstmCell).widthOf('h') }, (_, unit) => ({ layer, direction, unit })),
  );
  const run = () => leavingModelAlone(model, () => [model.predictOnBatch(list)].flat());
  let usual: tf.Tensor[] = [];
  try {
    usual = run();
    await requireFinite(usual);
    const effects: UnitEffect[] = [];
    for (const { layer, direction, unit } of candidates) {
      signal?.throwIfAborted();
      const changes = tidy(() => {
        const silenced = editGates(layer, ({ h }) => ({ h: withUnits(h, [unit], 0) }), run);
        return changesBetween(silenced, usual);
      });
      const [meanChange, largestChange] = (await changes.data()) as unknown as [number, number];
      changes.dispose();
      effects.push({ unit, direction, meanChange, largestChange });
      onProgress?.({ done: effects.length, total: candidates.length });
    }
    return effects.sort((a, b) => b.meanChange - a.meanChange);
  } finally {
    tf.dispose(usual);
    dispose();
  }
}

function requireLSTM(model: tf.LayersModel, layerName: string): FoundLSTM[] {
  const where = 'ablateUnits';
  const all = requireModelWithLSTM(where, model);
  const found = all.filter((lstm) => lstm.layerName === layerName);
  if (found.length === 0) {
    const names = describeValue([...new Set(all.map((lstm) => lstm.layerName))]);
    throw invalidArgument(where, `layerName must be one of the model's LSTMs ${names}`, layerName);
  }
  if (!found.every(({ layer }) => isLSTMLike(layer))) {
    throw invalidArgument(where, 'layerName must be a layer with one LSTM cell, not with stacked cells', layerName);
  }
  return found;
}

async function requireFinite(outputs: tf.Tensor[]): Promise<void> {
  const allFinite = tidy(() => tf.all(tf.stack(outputs.map((output) => tf.all(tf.isFinite(output))))));
  const [finite] = await allFinite.data();
  allFinite.dispose();
  if (!finite) throw invalidArgument('ablateUnits', "the model's output must be finite", 'NaN or Infinity in it');
}

/** Mean and largest absolute change, over all elements of all outputs, [2]. */
function changesBetween(silenced: tf.Tensor[], usual: tf.Tensor[]): tf.Tensor1D {
  const changes = tf.concat(
    silenced.map((output, n) => tf.reshape(tf.abs(tf.sub(output, usual[n] as tf.Tensor)), [-1])),
  );
  return tf.stack([tf.mean(changes), tf.max(changes)]) as tf.Tensor1D;
}
