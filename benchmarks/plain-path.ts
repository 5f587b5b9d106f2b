import { writeFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { type NodeBackend, useBackend } from '../tools/backends.js';
import { plainPathDuel, TASKS, type Task } from './cases.js';
import { backendVersion, describeMachine } from './machine.js';
import { type Effort, measure } from './measuring.js';
import { type BenchmarkOptions, OPTIONS_HELP, parseOptions } from './options.js';
import { formatLine, formatTable, type Result, resultOf } from './report.js';
import { DEFAULT_SHAPES, formatShape, multiplyAdds, type Shape } from './shapes.js';

const HELP = `Times the explicit layer on plain tfjs ops against the built-in one, in one run, and checks that they agree.

  npm run bench -- [options]

${OPTIONS_HELP}`;

/** What the cpu backend can do in some seconds. */
const CPU_MULTIPLY_ADDS = 200e6;

async function main({ backends, shapes, json, seconds }: BenchmarkOptions): Promise<void> {
  // Keeps tfjs from advertising tfjs-node on the other backends.
  tf.enableProdMode();
  const machine = describeMachine();
  const { cpu, cores, load, node } = machine;
  console.log(`${cpu}, ${cores} cores, load ${load.toFixed(1)}; Node ${node}; sigmoid gates, float32.`);
  console.log('Ratios are times, the first over the second: above 1 the second is faster.');
  const effort: Effort = { milliseconds: 1000 * seconds, rounds: { least: 3, most: 500 } };
  const results: Result[] = [];
  for (const backend of backends) {
    await useBackend(backend);
    console.log(`\nBackend ${backend}: ${backendVersion(backend)}`);
    const measured = measureBackend(backend, shapes, effort);
    console.log(formatTable(measured));
    results.push(...measured);
  }
  if (json === undefined) return;
  const versions = Object.fromEntries(backends.map((backend) => [backend, backendVersion(backend)]));
  writeFileSync(json, `${JSON.stringify({ machine, versions, results }, null, 2)}\n`);
}

function measureBackend(backend: NodeBackend, shapes: Shape[] | undefined, effort: Effort): Result[] {
  const results: Result[] = [];
  for (const shape of shapes ?? DEFAULT_SHAPES) {
    for (const task of TASKS) {
      if (shapes === undefined && takesTooLong(backend, shape, task)) {
        console.log(`${backend}, ${formatShape(shape)}, ${task}: left out, too slow here; ask for it with --shapes`);
        continue;
      }
      const duel = plainPathDuel(task, shape);
      const result = resultOf(backend, shape, duel, measure(duel, effort));
      duel.dispose();
      // On stderr, so that stdout has each result once.
      console.error(formatLine(result));
      results.push(result);
    }
  }
  return results;
}

function takesTooLong(backend: NodeBackend, shape: Shape, task: Task): boolean {
  // The backward pass takes two matrix products for each one forward.
  const passes = task === 'training step' ? 3 : 1;
  return backend === 'cpu' && passes * multiplyAdds(shape) > CPU_MULTIPLY_ADDS;
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) console.log(HELP);
  else await main(options);
} catch (error) {
  console.error(`plain-path: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = 1;
}
