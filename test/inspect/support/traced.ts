import * as tf from '@tensorflow/tfjs';
import { layersWithin } from '../../../src/host/held-layers.js';
import type { GateTrace, LayerTrace } from '../../../src/inspect/index.js';
import { findLSTMs } from '../../../src/inspect/model/find-lstms.js';
import type { Symbolic } from '../../convert/support/models.js';
import { asList, expectClose } from '../../support/close.js';

export const SEQUENCES = ['i', 'f', 'g', 'o', 'c', 'h'] as const;
const TENSORS = [...SEQUENCES, 'h0', 'c0'] as const;

export function nameOf({ layerName, direction, cell, call }: Omit<LayerTrace, 'trace'>): string {
  return `${layerName} ${direction} ${cell} ${call}`;
}

/** The trace of one call; fails where there is none. */
export function traceOf(traces: LayerTrace[], name: string): GateTrace {
  const found = traces.find((one) => nameOf(one) === name);
  if (found === undefined) throw new Error(`no trace '${name}' among ${traces.map(nameOf).join(', ')}`);
  return found.trace;
}

export function expectSameTrace(actual: GateTrace, expected: GateTrace): void {
  for (const name of TENSORS) expectClose(actual[name], expected[name]);
  expect(actual.mask?.arraySync()).toEqual(expected.mask?.arraySync());
  const { units, activation, recurrentActivation } = expected;
  expect(actual).toMatchObject({ units, activation, recurrentActivation });
}

export function expectSameTraces(actual: LayerTrace[], expected: LayerTrace[]): void {
  expect(actual.map(nameOf)).toEqual(expected.map(nameOf));
  for (const [n, { trace }] of actual.entries()) expectSameTrace(trace, expected[n]!.trace);
}

/** What every LSTM, or stack that ends in one, returned while the model predicted, as [B, T, U] or [B, U]. */
function outputsByLayer(model: tf.LayersModel, inputs: tf.Tensor[]): Map<tf.layers.RNN, tf.Tensor[]> {
  const outputs = new Map<tf.layers.RNN, tf.Tensor[]>();
  for (const { layer } of findLSTMs(model)) {
    if (outputs.has(layer)) continue;
    const returned: tf.Tensor[] = [];
    outputs.set(layer, returned);
    const { call } = layer;
    layer.call = (x, kwargs) => {
      const result = call.call(layer, x, kwargs);
      returned.push(tf.keep(tf.clone(asList(result)[0]!)));
      return result;
    };
  }
  tf.dispose(model.predictOnBatch(inputs.length === 1 ? inputs[0]! : inputs));
  for (const layer of outputs.keys()) delete (layer as Partial<tf.layers.RNN>).call;
  return outputs;
}

/** What a layer returns according to a trace: h in the order of processing, or the last h. */
function outputOf(layer: tf.layers.RNN, { h }: GateTrace): tf.Tensor {
  const processed = layer.goBackwards ? tf.reverse(h, 1) : h;
  const timesteps = processed.shape[1]!;
  return layer.returnSequences ? processed : tf.squeeze(tf.slice(processed, [0, timesteps - 1, 0], [-1, 1, -1]), [1]);
}

function areClose(a: tf.Tensor, b: tf.Tensor): boolean {
  return tf.util.arraysEqual(a.shape, b.shape) && tf.tidy(() => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]! < 1e-5);
}

/**
 * Asserts that each trace's h is what the layer returned in some call of a prediction, and that none of these is missing.
 * Of stacked cells, the last is looked at, and a prediction may call a layer more often.
 */
export function expectReturnedOutputs(traces: LayerTrace[], model: tf.LayersModel, inputs: tf.Tensor[]): void {
  const returned = outputsByLayer(model, inputs);
  const places = findLSTMs(model);
  const shown = new Map([...returned.keys()].map((layer) => [layer, [] as tf.Tensor[]]));
  for (const { layerName, direction, cell, trace } of traces) {
    const isThis = (one: (typeof places)[0]) =>
      one.layerName === layerName && one.direction === direction && one.cell === cell;
    const { layer, lstmCell } = places.find(isThis)!;
    const isLastOfStack = places.filter((one) => one.layer === layer).pop()!.lstmCell === lstmCell;
    if (isLastOfStack) shown.get(layer)!.push(outputOf(layer, trace));
  }
  for (const [layer, outputs] of shown) {
    const expected = returned.get(layer)!;
    for (const output of outputs) expect(expected.some((one) => areClose(one, output))).toBe(true);
    for (const output of expected) expect(outputs.some((one) => areClose(one, output))).toBe(true);
  }
}

/** Everything about a model that a look at it might change: own properties, states, outputs, methods. */
export function fingerprint(model: tf.LayersModel) {
  return [...layersWithin(model)].map((layer) => ({
    keys: Object.keys(layer),
    call: Object.hasOwn(layer, 'call') || Object.hasOwn(layer, 'getOutputAt') || Object.hasOwn(layer, 'apply'),
    fields: fieldsOf(layer),
  }));
}

function fieldsOf(layer: tf.layers.Layer) {
  const fields = layer as unknown as Record<string, unknown>;
  const states = (fields.states_ ?? []) as (tf.Tensor | null)[];
  const values = states.map((state) => state && { id: state.id, values: [...state.dataSync()] });
  const { stateSpec, lastImplementation, dropoutMask, recurrentDropoutMask } = fields;
  const dropout = [fields.dropout, fields.recurrentDropout];
  return { values, stateSpec, lastImplementation, dropoutMask, recurrentDropoutMask, dropout };
}

/** What the model computes at the output of a layer. */
export function valueAt(model: tf.LayersModel, symbolic: unknown, inputs: tf.Tensor[]): tf.Tensor {
  const part = tf.model({ inputs: model.inputs, outputs: symbolic as Symbolic });
  return part.predictOnBatch(inputs.length === 1 ? inputs[0]! : inputs) as tf.Tensor;
}
