import * as tf from '@tensorflow/tfjs';
import { fits, requireUsable } from '../core/check-tensor.js';
import { invalidArgument } from '../core/errors.js';
import { A_BOOLEAN, checkOptions } from '../core/options.js';
import { rememberOwnProperties } from '../core/own-properties.js';
import { applicableFusedKernels, type Preference, prepareKernels, REFERENCE, setPreference } from '../fused/choose.js';
import { keyOfProblem, learn, measuredPreference, type TunedProblem, type Tuning } from '../fused/tuning.js';
import { trainedVariables } from '../host/compiled-model.js';
import { assignUnconstrained } from '../host/constrained-weight.js';
import { layersWithin } from '../host/held-layers.js';
import { lendCopiesOfStates, lendDropoutMasks } from '../host/recurrent-state.js';
import { IMPLEMENTATION_FIELDS } from './brand.js';

/** The options of `tuneKernels`. */
export interface TuneOptions {
  /** Whether training is timed, too. Default: whether the model has weights to train. */
  training?: boolean;
}

/** Each implementation is timed so many times, and other ones in between, since a device is not as fast at all times. */
const ROUNDS = 2;
/** Until it has run so often, or for so long, in a round. */
const MOST_RUNS = 5;
const MOST_MILLISECONDS = 200;

/**
 * Measures what the LSTMs of a model run fastest on, on this device, and has them run on it from here on: each fused kernel
 * that applies, and plain tfjs ops, in prediction and in training. On webgl the WebAssembly module is among them.
 *
 * ```ts
 * accelerateBuiltIn();
 * const tuning = await tuneKernels(model, x);
 * for (const { problem, implementation, ms } of tuning) console.log(problem.timesteps, implementation, ms);
 * ```
 *
 * The whole model is timed, since what an LSTM costs depends on where its inputs come from and on who reads its outputs: a
 * prediction as by `predictOnBatch`, until its outputs are read, and a training step as of `fit`, until the gradients of all
 * weights are there. It takes some seconds. In between the page can react, but not while the model runs.
 *
 * The choice holds for all LSTMs that run sequences of exactly these sizes on this backend, until the program ends or
 * `useTuning` says otherwise. The model is left as it was; only dropout masks of a `seed` go on from where they have got to.
 *
 * @param model Any model with LSTMs of this package, or with built-in ones after `accelerateBuiltIn`.
 * @param inputs One batch, as large as the ones that you predict or train on: a tensor [B, …] for each input of the model.
 * @returns A row for each kind of sequence and each implementation: plain data that can be saved, for `useTuning`. What
 *   fails, such as by lack of memory, is left out, unless there is nothing else.
 * @throws RangeError (as a rejection) for inputs that are not the model's, for a model without such LSTMs, and for one that
 *   cannot be trained on this backend, unless `training` is false.
 * @category Speed
 */
export async function tuneKernels(
  model: tf.LayersModel,
  inputs: tf.Tensor | tf.Tensor[],
  options: TuneOptions = {},
): Promise<Tuning> {
  checkOptions(WHERE, options, { training: A_BOOLEAN });
  const data = await readAll(requireInputs(model, inputs));
  await prepareKernels();
  const bench = new Bench(model, data, tf.getBackend());
  const passes = [false, ...((options.training ?? model.trainableWeights.length > 0) ? [true] : [])];
  const tuning: Tuning = [];
  for (const isTraining of passes) {
    for (const { problem, names } of await bench.problemsOf(isTraining)) {
      const key = keyOfProblem(problem.backend, problem);
      const times = await timesOf(names, (name) =>
        bench.run(isTraining, (other) =>
          keyOfProblem(problem.backend, other) === key ? [name] : measuredPreference(other),
        ),
      );
      const rows = [...times].map(([implementation, ms]) => ({ problem, implementation, ms }));
      learn(rows);
      tuning.push(...rows);
    }
  }
  if (tuning.length === 0) {
    const rule =
      'model must have LSTMs that can run on a fused kernel: of this package, or built-in ones after accelerateBuiltIn()';
    throw invalidArgument(WHERE, rule, model);
  }
  return tuning;
}

const WHERE = 'tuneKernels';

function requireInputs(model: tf.LayersModel, inputs: tf.Tensor | tf.Tensor[]): tf.Tensor[] {
  // An empty Sequential has no inputs yet.
  if (!(model instanceof tf.LayersModel) || !model.inputs?.length) {
    throw invalidArgument(WHERE, 'model must be a tf.LayersModel with layers', model);
  }
  const list = [inputs].flat();
  const { length } = model.inputs;
  if (list.length !== length) throw invalidArgument(WHERE, `inputs must be ${length}, a tensor for each`, inputs);
  for (const [n, input] of list.entries()) {
    const name = `input '${model.inputs[n]?.sourceLayer.name}'`;
    if (!(input instanceof tf.Tensor)) throw invalidArgument(WHERE, `${name} must be a tensor`, input);
    requireUsable(WHERE, name, input);
    const [batch, ...others] = model.inputs[n]?.shape ?? [];
    const shape = [batch ?? list[0]?.shape[0] ?? null, ...others];
    const isRight = shape.length === input.rank && shape.every((size, axis) => fits(input.shape[axis], size));
    if (isRight && input.size > 0) continue;
    const dimensions = shape.map((size) => size ?? 'any').join(', ');
    throw invalidArgument(WHERE, `${name} must be [${dimensions}], and not empty`, input.shape);
  }
  return list;
}

/** The median time of each implementation that does not fail. */
async function timesOf(names: string[], run: (name: string) => Promise<number>): Promise<Map<string, number>> {
  const times = new Map(names.map((name): [string, number[]] => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, ofName] of times) {
      try {
        // For what is compiled or moved to where it is needed.
        await run(name);
        let spent = 0;
        for (let n = 0; n < MOST_RUNS && spent < MOST_MILLISECONDS; n++) {
          const ms = await run(name);
          ofName.push(ms);
          spent += ms;
        }
      } catch (error) {
        times.delete(name);
        if (times.size === 0) throw error;
      }
    }
  }
  return new Map([...times].map(([name, ofName]) => [name, median(ofName)]));
}

function median(times: number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}

/** Tensors as they are in the processor's memory. */
type TensorData = Pick<tf.Tensor, 'shape' | 'dtype'> & { values: tf.TypedArray };

function readAll(tensors: tf.Tensor[]): Promise<TensorData[]> {
  return Promise.all(
    tensors.map(async (tensor) => {
      const { shape, dtype } = tensor;
      return { values: await tensor.data(), shape, dtype };
    }),
  );
}

/** Runs a model over one batch, again and again, on one backend. */
class Bench {
  constructor(
    private readonly model: tf.LayersModel,
    private readonly data: TensorData[],
    private readonly backend: string,
  ) {}

  /** The kinds of sequences that the model runs, in their order, and what each can run on. */
  async problemsOf(isTraining: boolean): Promise<{ problem: TunedProblem; names: string[] }[]> {
    const { backend } = this;
    const found = new Map<string, { problem: TunedProblem; names: string[] }>();
    const note: Preference = (problem, isDemanded) => {
      const key = keyOfProblem(backend, problem);
      const { names } = found.get(key) ?? { names: applicableFusedKernels(problem) };
      if (!isDemanded && !names.includes(REFERENCE)) names.push(REFERENCE);
      found.set(key, { problem: { backend, ...problem }, names });
      return measuredPreference(problem);
    };
    try {
      await this.run(isTraining, note);
    } catch (cause) {
      if (!isTraining) throw cause;
      const rule = 'model must be one that can be trained on this backend, or the option training be false';
      throw invalidArgument(WHERE, rule, this.model, { cause });
    }
    return [...found.values()];
  }

  /** Returns the milliseconds that a run takes, and leaves the model as it was. */
  async run(isTraining: boolean, preference: Preference): Promise<number> {
    // Lets the page react.
    await new Promise((resolve) => setTimeout(resolve));
    if (tf.getBackend() !== this.backend) {
      throw invalidArgument(WHERE, `the backend must stay '${this.backend}' until it is done`, tf.getBackend());
    }
    // What webgpu computes can be read in time only. On webgl, to wait for it takes longer than to read it.
    const isReadAtOnce = this.backend !== 'webgpu';
    const batch = this.batch(isTraining);
    let results: tf.Tensor[] = [];
    let start = 0;
    try {
      this.leavingModelAlone(isTraining, preference, () => {
        start = performance.now();
        results = tf.tidy(() => (isTraining ? this.gradients(batch) : [this.model.predictOnBatch(batch)].flat()));
        if (isReadAtOnce) for (const result of results) result.dataSync();
      });
      if (!isReadAtOnce) await Promise.all(results.map((result) => result.data()));
      return performance.now() - start;
    } finally {
      tf.dispose([...batch, ...results]);
    }
  }

  /** Nobody else runs before it returns. */
  private leavingModelAlone(isTraining: boolean, preference: Preference, run: () => void): void {
    const undo = [...lendStates(this.model), ...(isTraining ? [lendWeights(this.model)] : [])];
    const before = setPreference(preference);
    try {
      run();
    } finally {
      setPreference(before);
      for (const restore of undo) restore();
    }
  }

  /** Fresh from the processor to be predicted, as gathered by `fit` to be trained on. */
  private batch(isTraining: boolean): tf.Tensor[] {
    return this.data.map(({ values, shape, dtype }) =>
      tf.tidy(() => {
        const input = tf.tensor(values, shape, dtype);
        return isTraining ? tf.gather(input, tf.range(0, shape[0] as number, 1, 'int32')) : input;
      }),
    );
  }

  /** A number that wants all gradients of a training step. Of what the loss is, little depends. */
  private gradients(batch: tf.Tensor[]): tf.Tensor[] {
    const loss = () => {
      const outputs = [this.model.call(batch, { training: true })].flat();
      const terms = outputs.map((output) => tf.mean(tf.square(tf.cast(output, 'float32'))));
      return terms.reduce((sum, term) => tf.add(sum, term)) as tf.Scalar;
    };
    const { grads } = tf.variableGrads(loss, variablesOf(trainedVariables(this.model)));
    return [tf.stack(Object.values(grads).map((gradient) => tf.sum(gradient)))];
  }
}

/** @returns What undoes whatever running a model does to its layers. */
function lendStates(model: tf.LayersModel): (() => void)[] {
  return [...layersWithin(model)].flatMap((layer) =>
    layer instanceof tf.layers.RNN
      ? [lendCopiesOfStates(layer), rememberOwnProperties(layer, IMPLEMENTATION_FIELDS)]
      : [lendDropoutMasks(layer)],
  );
}

/**
 * Gives a model copies of its weights, which lie where an optimizer would have put them, and returns what gives back its own:
 * layers change some of them in training.
 */
function lendWeights(model: tf.LayersModel): () => void {
  const own = model.weights.map((weight) => ({ weight, value: tf.clone(weight.read()) }));
  tf.tidy(() => {
    for (const variable of variablesOf(trainedVariables(model))) variable.assign(tf.mul(variable, 1));
  });
  return () => {
    for (const { weight, value } of own) {
      assignUnconstrained(weight, value);
      value.dispose();
    }
  };
}

function variablesOf(weights: tf.LayerVariable[]): tf.Variable[] {
  return weights.map((weight) => weight.read() as tf.Variable);
}
