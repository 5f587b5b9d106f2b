import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import Table from 'cli-table3';
import { useBackend } from '../tools/backends.js';
import { RECURRENT_ACTIVATIONS, type RecurrentActivation } from './layers.js';
import { describeMachine } from './machine.js';
import { parseShape } from './shapes.js';
import { makeWays, TASKS, WAYS, type Way } from './tensorflow-ways.js';

const HELP = `Times every way to run an LSTM on the backend tensorflow: the grounds of src/fused/tensorflow/speed-rules.ts.

  npx tsx benchmarks/tensorflow-kernels.ts [options]

  --shapes 1x100x100x100,...   B x T x D x U
  --tasks ${Object.keys(TASKS).join(',')}
  --activations ${RECURRENT_ACTIVATIONS.join(',')}
  --ways ${WAYS.join(',')}
  --seconds 2                  to measure each row of the table for
  --cpu                        counts what the processors work, in place of the time that passes

TF_NUM_INTRAOP_THREADS=1 keeps TensorFlow to one thread.`;

const SHAPES = '1x20x16x16,1x100x100x100,32x50x64x32,32x50x64x128,1x100x256x512,8x20x512x512,8x20x1024x1024';

type Clock = () => number;

/** What all threads of the process have worked, in milliseconds. */
const processorTime: Clock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const timePassed: Clock = () => performance.now();

/** Milliseconds of one run, with its results read back and its tensors freed. */
function time(way: Way, clock: Clock): number {
  const start = clock();
  tf.tidy(() => {
    for (const tensor of way()) tensor.dataSync();
  });
  return clock() - start;
}

/** The least of the times of each: what else the machine does only adds. */
function measure(ways: Map<string, Way>, seconds: number, clock: Clock): Map<string, number> {
  const least = new Map<string, number>();
  const start = performance.now();
  for (let round = 0; round < 5 || performance.now() - start < 1000 * seconds; round++) {
    // The order changes from round to round: what a way leaves behind slows the next.
    const order = [...ways].sort(() => Math.random() - 0.5);
    for (const [name, way] of order) {
      const elapsed = time(way, clock);
      if (round > 1) least.set(name, Math.min(elapsed, least.get(name) ?? elapsed));
    }
  }
  return least;
}

interface Choices {
  shapes: string[];
  tasks: (keyof typeof TASKS)[];
  activations: RecurrentActivation[];
  chosenWays: readonly string[];
}

async function main({ shapes, tasks, activations, chosenWays }: Choices, seconds: number, clock: Clock): Promise<void> {
  await useBackend('tensorflow');
  console.log(describeMachine());
  const shown = WAYS.filter((way) => chosenWays.includes(way));
  const table = new Table({
    head: ['B x T x D x U', 'task', 'activation', ...shown, 'chosen'],
    style: { head: [], border: [] },
  });
  for (const shape of shapes) {
    for (const task of tasks) {
      for (const activation of activations) {
        const { ways, chosen, dispose } = makeWays(parseShape(shape), TASKS[task], activation);
        for (const name of ways.keys()) if (!chosenWays.includes(name)) ways.delete(name);
        const times = measure(ways, seconds, clock);
        const row = [shape, task, activation, ...shown.map((way) => times.get(way)?.toFixed(2) ?? ''), chosen];
        // On stderr, so that stdout has each result once.
        console.error(row.join('  '));
        table.push(row);
        dispose();
      }
    }
  }
  console.log(table.toString());
}

const { values } = parseArgs({
  options: {
    shapes: { type: 'string', default: SHAPES },
    tasks: { type: 'string', default: Object.keys(TASKS).join(',') },
    activations: { type: 'string', default: RECURRENT_ACTIVATIONS.join(',') },
    ways: { type: 'string', default: WAYS.join(',') },
    seconds: { type: 'string', default: '2' },
    cpu: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  console.log(HELP);
} else {
  const choices = {
    shapes: values.shapes.split(','),
    tasks: values.tasks.split(',') as (keyof typeof TASKS)[],
    activations: values.activations.split(',') as RecurrentActivation[],
    chosenWays: values.ways.split(','),
  };
  await main(choices, Number(values.seconds), values.cpu ? processorTime : timePassed);
}
