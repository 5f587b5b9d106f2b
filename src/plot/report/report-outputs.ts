import * as tf from '@tensorflow/tfjs';
import { tidy } from '../../core/tidy.js';
import { lossesByOutput } from '../../inspect/gradient/model-loss.js';
import type { ModelData, ModelLoss } from '../../inspect/model/model-data.js';
import { leavingModelAlone } from '../../inspect/model/model-left-alone.js';
import type { ReportOutput } from '../page/report-data.js';

/** Of classes the most probable ones, of numbers the first. */
const MOST_SHOWN = 5;

/** One output of the model as it was for all samples, off the device. */
export interface ModelOutput {
  name: string;
  kind: ReportOutput['kind'];
  isPerStep: boolean;
  /** B */
  samples: number;
  /** P: timesteps, or 1. */
  places: number;
  width: number;
  /** [B, P, width] */
  values: ArrayLike<number>;
  /** [B, P] classes, or [B, P, width] numbers. Null without labels. */
  targets: ArrayLike<number> | null;
  /** [B, P]. Null where it is not known. */
  losses: ArrayLike<number> | null;
}

/** What the model made of the inputs, and what of it is not known, in sentences. */
export interface ModelOutputs {
  outputs: ModelOutput[];
  notKnown: string[];
}

/**
 * @param lengths Timesteps of the layers.
 * @param around What the model is run within.
 */
export async function modelOutputs(
  where: string,
  model: tf.LayersModel,
  data: Pick<ModelData, 'inputs' | 'labels'>,
  loss: ModelLoss | undefined,
  lengths: readonly number[],
  around: (run: () => tf.Tensor[]) => tf.Tensor[] = (run) => run(),
): Promise<ModelOutputs> {
  const notKnown: string[] = [];
  let predicted: tf.Tensor[] = [];
  let losses: (tf.Tensor | null)[] = [];
  try {
    predicted = leavingModelAlone(model, () => tidy(() => around(() => [model.predictOnBatch(data.inputs)].flat())));
    losses = lossesOf(where, model, data, loss, predicted, notKnown);
    const outputs: ModelOutput[] = [];
    for (const [n, output] of predicted.entries()) {
      const name = model.outputNames[n] ?? `output ${n}`;
      if (output.rank !== 2 && output.rank !== 3) {
        notKnown.push(`The output ${name} is not shown: it has ${output.rank} axes.`);
        continue;
      }
      outputs.push(
        await readOutput(
          name,
          model,
          n,
          { output, labels: data.labels?.[n] ?? null, losses: losses[n] ?? null },
          lengths,
        ),
      );
    }
    return { outputs, notKnown };
  } catch (error) {
    // A report without predictions still has gates to look at.
    return { outputs: [], notKnown: [`The predictions could not be computed: ${(error as Error).message}.`] };
  } finally {
    tf.dispose([predicted, losses.filter((one) => one !== null)]);
  }
}

function lossesOf(
  where: string,
  model: tf.LayersModel,
  { labels }: Pick<ModelData, 'labels'>,
  loss: ModelLoss | undefined,
  outputs: readonly tf.Tensor[],
  notKnown: string[],
): (tf.Tensor | null)[] {
  if (labels === null) {
    notKnown.push('No labels were given: what the predictions should be, and the loss, are not known.');
    return [];
  }
  if ((loss ?? model.loss) === undefined) {
    notKnown.push('The model has no loss: how wrong its predictions are is not known.');
    return [];
  }
  try {
    const losses = tidy(() => lossesByOutput(where, model, { labels, loss }, outputs));
    return losses.map((one, n) => {
      const output = outputs[n] as tf.Tensor;
      const places = output.rank === 3 ? output.shape.slice(0, 2) : output.shape.slice(0, 1);
      if (tf.util.arraysEqual(one.shape, places)) return one;
      notKnown.push('The loss function gives one number for all: the loss of each prediction is not known.');
      one.dispose();
      return null;
    });
  } catch (error) {
    notKnown.push(`The loss could not be computed: ${(error as Error).message}.`);
    return [];
  }
}

interface OutputTensors {
  output: tf.Tensor;
  labels: tf.Tensor | null;
  losses: tf.Tensor | null;
}

async function readOutput(
  name: string,
  model: tf.LayersModel,
  n: number,
  { output, labels, losses }: OutputTensors,
  lengths: readonly number[],
): Promise<ModelOutput> {
  const [samples = 0, second = 1] = output.shape;
  const width = output.shape.at(-1) as number;
  const places = output.rank === 3 ? second : 1;
  const [values, targets, lossValues] = await Promise.all([output.data(), labels?.data(), losses?.data()]);
  const kind = kindOf(values, width, activationOf(model, n));
  const isByNumber = labels !== null && labels.shape.at(-1) !== width;
  return {
    name,
    kind,
    isPerStep: output.rank === 3 && lengths.includes(places),
    samples,
    places,
    width,
    values,
    targets: targets === undefined ? null : kind === 'classes' && !isByNumber ? largestOfEach(targets, width) : targets,
    losses: lossValues ?? null,
  };
}

function activationOf(model: tf.LayersModel, n: number): unknown {
  const layer = model.outputs[n]?.sourceLayer;
  const config = layer?.getConfig();
  const inner = config?.layer as { config?: tf.serialization.ConfigDict } | undefined;
  return config?.activation ?? inner?.config?.activation;
}

/** Numbers that are probabilities of classes add up to 1 at each place. */
function kindOf(values: ArrayLike<number>, width: number, activation: unknown): ReportOutput['kind'] {
  const isWithin = Array.prototype.every.call(values, (value: number) => value >= 0 && value <= 1);
  if (!isWithin) return 'numbers';
  if (width === 1) return activation === 'sigmoid' || activation === 'hardSigmoid' ? 'probability' : 'numbers';
  for (let start = 0; start < values.length; start += width) {
    let sum = 0;
    for (let n = start; n < start + width; n++) sum += values[n] as number;
    if (Math.abs(sum - 1) > 1e-3) return 'numbers';
  }
  return 'classes';
}

/** The index of the largest of each `width` values. */
export function largestOfEach(values: ArrayLike<number>, width: number): Int32Array {
  return Int32Array.from({ length: values.length / width }, (_, place) => {
    let best = 0;
    for (let n = 1; n < width; n++) {
      if ((values[place * width + n] as number) > (values[place * width + best] as number)) best = n;
    }
    return best;
  });
}

/** What of an output the page carries: of the first samples, and of many classes the most probable ones. */
export function reportOutput(output: ModelOutput, samples: number, classNames: readonly string[] | null): ReportOutput {
  const { name, kind, isPerStep, places, width, values, targets, losses } = output;
  const shown = Math.min(width, MOST_SHOWN);
  const count = samples * places;
  const kept = new Float32Array(count * shown);
  const classes = kind === 'classes' ? new Float32Array(count * shown) : null;
  for (let place = 0; place < count; place++) {
    const start = place * width;
    const ranked = Array.from({ length: width }, (_, n) => n);
    if (classes !== null) ranked.sort((a, b) => (values[start + b] as number) - (values[start + a] as number));
    for (let n = 0; n < shown; n++) {
      const index = ranked[n] as number;
      kept[place * shown + n] = values[start + index] as number;
      if (classes !== null) classes[place * shown + n] = index;
    }
  }
  return {
    name,
    kind,
    places,
    isPerStep,
    shown,
    width,
    classNames: classNames?.length === width ? [...classNames] : null,
    classes,
    values: kept,
    targets: targets === null ? null : shownTargets(targets, classes !== null, { count, width, shown }),
    targetProbabilities:
      targets === null || classes === null
        ? null
        : floats(count, (place) => values[place * width + (targets[place] as number)]),
    losses: losses === null ? null : floats(count, (place) => losses[place]),
  };
}

function floats(length: number, valueAt: (n: number) => number | undefined): Float32Array {
  return Float32Array.from({ length }, (_, n) => valueAt(n) as number);
}

function shownTargets(
  targets: ArrayLike<number>,
  areClasses: boolean,
  { count, width, shown }: { count: number; width: number; shown: number },
): Float32Array {
  if (areClasses) return floats(count, (place) => targets[place]);
  return floats(count * shown, (n) => targets[Math.floor(n / shown) * width + (n % shown)]);
}
