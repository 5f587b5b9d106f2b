import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../../core/errors.js';
import {
  A_FUNCTION,
  A_POSITIVE_INTEGER,
  AN_ABORT_SIGNAL,
  checkOptions,
  type OptionRules,
  required,
} from '../../core/options.js';
import { layersWithin } from '../../host/held-layers.js';
import { requireModelWithLSTM } from '../model/find-lstms.js';
import { type ModelInputs, type ModelTensors, modelInputs } from '../model/model-data.js';
import { requireUnitChoice, type UnitsOf } from './chosen-units.js';
import { type LayerTrace, TRACE_MODEL_RULES, type TraceModelOptions, traceCalls } from './trace-model.js';

/** The samples of a batch: from `start` up to, but not including, `end`. */
export interface SampleRange {
  start: number;
  end: number;
}

/** The options of `traceModelBatches`. */
export interface TraceModelBatchesOptions extends TraceModelOptions {
  /** Samples per batch; the last batch may have fewer. Default: 32. */
  batchSize?: number;
  /** Called with the traces of each batch, which are disposed once it returns or its promise is settled. */
  onBatch(traces: LayerTrace[], samples: SampleRange): unknown;
  /** Stops before the next batch. */
  signal?: AbortSignal | null | undefined;
}

const RULES: OptionRules = {
  units: TRACE_MODEL_RULES.units,
  batchSize: A_POSITIVE_INTEGER,
  onBatch: required(A_FUNCTION),
  signal: AN_ABORT_SIGNAL,
};

/**
 * Traces a model batch by batch, for samples whose traces do not all fit into memory.
 *
 * ```ts
 * await traceModelBatches(model, x, {
 *   batchSize: 64,
 *   onBatch: async ([{ trace }], { start }) => console.log(start, await trace.f.mean().data()),
 * });
 * ```
 *
 * Stateful models are refused: in `predict`, their states carry over from batch to batch, but tracing does not change
 * them. For these, alternate `traceModel` and `predictOnBatch`.
 *
 * @param inputs As for `traceModel`; they must not be disposed before the promise is settled.
 * @throws What `traceModel` throws; RangeError for a stateful model, and for a batch size that is not a positive integer
 *   or not the model's own; what `onBatch` throws; the signal's reason.
 * @category See the gates
 */
export async function traceModelBatches(
  model: tf.LayersModel,
  inputs: ModelInputs,
  options: TraceModelBatchesOptions,
): Promise<void> {
  checkOptions('traceModelBatches', options, RULES);
  const { units, onBatch, signal } = options;
  const batchSize = options.batchSize ?? 32;
  const { list, unitsOf, dispose } = requireBatches('traceModelBatches', model, inputs, { batchSize, units });
  const samples = (list[0] as tf.Tensor).shape[0] as number;
  try {
    for (let start = 0; start < samples; start += batchSize) {
      signal?.throwIfAborted();
      const end = Math.min(start + batchSize, samples);
      const traces = traceSamples(model, list, { start, end }, unitsOf);
      try {
        await onBatch(traces, { start, end });
      } finally {
        for (const { trace } of traces) trace.dispose();
      }
    }
    signal?.throwIfAborted();
  } finally {
    dispose();
  }
}

function traceSamples(
  model: tf.LayersModel,
  inputs: tf.Tensor[],
  { start, end }: SampleRange,
  unitsOf: UnitsOf,
): LayerTrace[] {
  const batch: tf.Tensor[] = [];
  try {
    for (const input of inputs) {
      const [, ...others] = input.shape;
      batch.push(tf.slice(input, [start, ...others.map(() => 0)], [end - start, ...others]));
    }
    return traceCalls(model, batch, unitsOf, 'traceModelBatches');
  } finally {
    tf.dispose(batch);
  }
}

/** Checks everything before the first batch, and returns the inputs in the model's order. */
function requireBatches(
  where: string,
  model: tf.LayersModel,
  inputs: ModelInputs,
  { batchSize, units }: TraceModelOptions & { batchSize: number },
): ModelTensors & { unitsOf: UnitsOf } {
  const lstms = requireModelWithLSTM(where, model);
  const unitsOf = requireUnitChoice(where, lstms, units);
  const stateful = [...layersWithin(model)].find((layer) => layer instanceof tf.layers.RNN && layer.stateful);
  if (stateful !== undefined) {
    throw invalidArgument(where, 'model must not be stateful', stateful, { layer: stateful.name });
  }
  const { list, dispose } = modelInputs(where, model, inputs, { anyBatch: true });
  const fixed = model.inputs.map(({ shape }) => shape[0] ?? null).find((size) => size !== null);
  const samples = (list[0] as tf.Tensor).shape[0] as number;
  if (fixed !== undefined && (batchSize !== fixed || samples % fixed !== 0)) {
    const rule = `batchSize must be ${fixed}, which the model is built for, and must divide the number of samples, ${samples}`;
    dispose();
    throw invalidArgument(where, rule, batchSize);
  }
  return { list, unitsOf, dispose };
}
