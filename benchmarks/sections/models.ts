import * as tf from '@tensorflow/tfjs';
import { accelerateBuiltIn, enableEmbeddingTraining, lastImplementation, lstm } from '../../src/index.js';
import { type NodeBackend, useBackend } from '../../tools/backends.js';
import type { Contestant } from '../contestant.js';
import { formatTime } from '../format-time.js';
import { additionModel } from '../models/addition.js';
import type { ExampleModel } from '../models/example-model.js';
import { sentimentModel } from '../models/sentiment.js';
import { textGenerationModel } from '../models/text-generation.js';
import { translationModel } from '../models/translation.js';
import type { BenchmarkOptions } from '../options.js';
import { formatTable, type Result } from '../report.js';
import { measureContest, type Section } from '../section.js';
import { withoutSequences } from '../without-sequences.js';

const EXAMPLE_MODELS: readonly ExampleModel[] = [additionModel, textGenerationModel, sentimentModel, translationModel];

/** What is asked of a model, in the words of the tables. */
const MODEL_TASKS = ['training step', 'prediction of 32 rows', 'prediction of one row'] as const;
type ModelTask = (typeof MODEL_TASKS)[number];

/** Rows of a prediction: what tfjs's predict gives a model at a time, and one. */
const ROWS: Record<Exclude<ModelTask, 'training step'>, number> = {
  'prediction of 32 rows': 32,
  'prediction of one row': 1,
};

/** Models of tutorials with the default arguments, hard sigmoids therefore; built-in, accelerated, and with this package's layer. */
export const modelsSection: Section = {
  title: 'Models of tutorials, default arguments: tf.layers.lstm, the same after accelerateBuiltIn, and lstm',
  run: async (options) => {
    const results: Result[] = [];
    enableEmbeddingTraining();
    for (const backend of options.backends) {
      await useBackend(backend);
      for (const model of EXAMPLE_MODELS) results.push(...(await measureModel(model, backend, options)));
    }
    return { results, tables: [formatModels(results)] };
  },
};

async function measureModel(example: ExampleModel, backend: NodeBackend, options: BenchmarkOptions): Promise<Result[]> {
  const builtIn = example.build((args) => tf.layers.lstm({ ...args } as tf.LSTMLayerArgs));
  const explicit = example.build((args) => lstm({ ...args, useFused: options.plain ? false : 'auto' }));
  const all = example.data();
  const batch = backend === 'cpu' ? (example.batchOnCpu ?? example.batch) : example.batch;
  const some = all.inputs.map((input) => tf.slice(input, 0, batch));
  const labels = tf.slice(all.labels, 0, batch);
  const initial = builtIn.getWeights().map((weight) => tf.clone(weight));
  const results: Result[] = [];
  for (const task of MODEL_TASKS) {
    if (task === 'training step' && batch === 0) {
      console.log(`${backend}, ${example.name}: training is not timed, for a row takes more than ten seconds`);
      continue;
    }
    const contestant = (name: string, model: tf.LayersModel): Contestant =>
      task === 'training step'
        ? trainingStep(name, example, model, initial, { inputs: some, labels })
        : prediction(name, model, initial, all.inputs, ROWS[task]);
    const baseline = contestant('built-in', builtIn);
    const own = contestant('explicit', explicit);
    const candidates = [accelerated(contestant('accelerated', builtIn)), own];
    if (task === 'training step' && !options.plain) candidates.push(withoutLSTMs(own));
    const place = { section: 'models', backend, shape: example.name, setting: task } as const;
    results.push(...(await measureContest(place, baseline, candidates, options)));
  }
  tf.dispose([...all.inputs, all.labels, ...some, labels, ...initial]);
  for (const model of [builtIn, explicit]) model.dispose();
  return results;
}

interface Data {
  inputs: tf.Tensor[];
  labels: tf.Tensor;
}

function trainingStep(
  name: string,
  example: ExampleModel,
  model: tf.LayersModel,
  initial: tf.Tensor[],
  { inputs, labels }: Data,
): Contestant {
  const start = () => {
    model.setWeights(initial);
    example.compile(model);
  };
  const step = async () => (await model.trainOnBatch(inputs, labels)) as number;
  start();
  return {
    name,
    run: step,
    results: async () => {
      start();
      // The second loss has the first step's gradients in it.
      return [Float32Array.of(await step(), await step())];
    },
    implementation: () => implementationsOf(model),
  };
}

function prediction(
  name: string,
  model: tf.LayersModel,
  initial: tf.Tensor[],
  inputs: tf.Tensor[],
  rows: number,
): Contestant {
  model.setWeights(initial);
  const some = inputs.map((input) => tf.slice(input, 0, rows));
  const compute = () => {
    const output = model.predict(some.length === 1 ? (some[0] as tf.Tensor) : some) as tf.Tensor;
    const values = output.dataSync<'float32'>();
    output.dispose();
    return values;
  };
  return { name, run: compute, results: async () => [compute()], implementation: () => implementationsOf(model) };
}

/** A contestant whose built-in layers are accelerated while it runs, and only then. */
function accelerated(contestant: Contestant): Contestant {
  let ranOn = '';
  const whileAccelerated = async <Value>(compute: () => Value): Promise<Awaited<Value>> => {
    const undo = accelerateBuiltIn();
    try {
      return await compute();
    } finally {
      undo();
    }
  };
  const results = async () => {
    const values = await contestant.results();
    ranOn = contestant.implementation?.() ?? '';
    return values;
  };
  return {
    name: contestant.name,
    run: () => whileAccelerated(contestant.run),
    results: () => whileAccelerated(results),
    implementation: () => ranOn,
  };
}

/** The model with fused kernels that compute nothing: what the rest of it takes, held to the model's results, for it has none of its own. */
function withoutLSTMs({ run, results }: Contestant): Contestant {
  return { name: 'without LSTMs', run: () => withoutSequences(run), results };
}

/** What the last calls of a model's LSTMs ran on. */
function implementationsOf(model: tf.LayersModel): string {
  const all = model.layers.flatMap((layer) => {
    const { forwardLayer, backwardLayer } = layer as unknown as Partial<Record<string, tf.layers.Layer>>;
    return [forwardLayer ?? layer, ...(backwardLayer === undefined ? [] : [backwardLayer])];
  });
  const names = all
    .filter((layer) => 'cell' in layer)
    .map((layer) => {
      const implementation = lastImplementation(layer);
      if (implementation === null) return 'built-in';
      const { name, reason } = implementation;
      return reason === undefined ? name : `${name}: ${reason}`;
    });
  return [...new Set(names)].join(', ');
}

function formatModels(results: readonly Result[]): string {
  const places = [...new Set(results.map(({ backend, shape, setting }) => `${backend}|${shape}|${setting}`))];
  return formatTable(
    ['backend', 'model', 'task', 'built-in, ms', 'accelerated, ms', 'explicit, ms', 'times as fast'],
    places.map((place) => {
      const [backend, model, task] = place.split('|') as [string, string, string];
      const of = (candidate: string) =>
        results.find(
          ({ compared, ...result }) =>
            compared.candidate === candidate &&
            result.backend === backend &&
            result.shape === model &&
            result.setting === task,
        ) as Result;
      const [fast, own] = [of('accelerated'), of('explicit')];
      const times = [fast.baseline, fast.candidate, own.candidate].map(({ median }) => formatTime(median));
      return [backend, model, task, ...times, `${formatTime(fast.ratio.median)}, ${formatTime(own.ratio.median)}`];
    }),
  );
}
