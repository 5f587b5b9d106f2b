import * as tf from '@tensorflow/tfjs';
import { invalidArgument, invalidState } from '../../core/errors.js';
import { isDisposed } from '../../layers/is-disposed.js';
import { requireUsable, shapeOf } from '../../layers/validate-call.js';
import { type FoundLSTM, findLSTMs } from '../model/find-lstms.js';

/** The inputs of a model: its only one, one for each in order, or each by its name. */
export type ModelInputs = tf.Tensor | tf.Tensor[] | Record<string, tf.Tensor>;

/**
 * Checks a model, and returns its LSTMs.
 *
 * @throws RangeError for what is not a model or has no LSTM; Error for a model that is not built or disposed.
 */
export function requireModelWithLSTM(where: string, model: unknown): FoundLSTM[] {
  if (!(model instanceof tf.LayersModel)) throw invalidArgument(where, 'model must be a tf.LayersModel', model);
  if (!model.inputs?.length)
    throw invalidState(where, 'the model must be built first: it has no inputs yet', model.name);
  const lstms = findLSTMs(model);
  if (lstms.length === 0) {
    const layers = model.layers.map((layer) => layer.getClassName());
    throw invalidArgument(where, 'model must have an LSTM', layers, { layer: model.name });
  }
  for (const { layerName, lstmCell } of lstms) {
    if (!lstmCell.built) throw invalidState(where, 'the model must be built first', layerName);
    if (isDisposed(lstmCell)) throw invalidState(where, 'the model must not be disposed', layerName);
  }
  return lstms;
}

/**
 * Checks the inputs of a model, and returns them in the model's order.
 *
 * @param options `anyBatch`: the number of samples may differ from the one that the model is built for.
 * @throws RangeError
 */
export function requireModelInputs(
  where: string,
  model: tf.LayersModel,
  inputs: ModelInputs,
  { anyBatch = false } = {},
): tf.Tensor[] {
  const list = inOrder(where, model, inputs);
  const samples = list[0]?.shape?.[0];
  for (const [index, input] of list.entries()) {
    const name = `input '${inputNames(model)[index]}'`;
    const requireThat = (holds: boolean, rule: string, received: unknown) => {
      if (!holds) throw invalidArgument(where, `${name} must ${rule}`, received);
    };
    requireThat(input instanceof tf.Tensor, 'be a concrete tensor', input);
    const expected = (model.inputs[index] as tf.SymbolicTensor).shape;
    const fits = (size: number | null, axis: number) =>
      size === null || size === input.shape[axis] || (anyBatch && axis === 0);
    requireThat(input.rank === expected.length && expected.every(fits), `be ${shapeText(expected)}`, input.shape);
    requireThat(input.shape[0] === samples, `have ${samples} samples, as the first input has`, input.shape);
    requireThat(samples !== 0, 'have one sample or more', input.shape);
    requireUsable(where, name, input);
  }
  return list;
}

function inOrder(where: string, model: tf.LayersModel, inputs: ModelInputs): tf.Tensor[] {
  const names = inputNames(model);
  if (Array.isArray(inputs) || shapeOf(inputs) !== null || typeof inputs !== 'object' || inputs === null) {
    const list = [inputs].flat() as tf.Tensor[];
    if (list.length === names.length) return list;
    const rule = `inputs must be ${names.length} tensors, for ${names.map((name) => `'${name}'`).join(', ')}`;
    throw invalidArgument(where, rule, inputs);
  }
  const given = Object.keys(inputs);
  if (given.length !== names.length || !names.every((name) => given.includes(name))) {
    const rule = `inputs by name must be exactly those of the model, ${names.map((name) => `'${name}'`).join(', ')}`;
    throw invalidArgument(where, rule, given);
  }
  return names.map((name) => (inputs as Record<string, tf.Tensor>)[name] as tf.Tensor);
}

/** A Sequential has its `inputNames` only once it has run. */
function inputNames(model: tf.LayersModel): string[] {
  return model.inputs.map(({ sourceLayer }) => sourceLayer.name);
}

function shapeText(shape: tf.Shape): string {
  return `[${shape.map((size, axis) => size ?? (axis === 0 ? 'B' : 'any')).join(', ')}]`;
}
