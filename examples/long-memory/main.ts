import * as tf from '@tensorflow/tfjs';
import { SingleBar } from 'cli-progress';
import type { MonitorRecord } from '../../src/inspect/index.js';
import { useBackend, useFastestBackend } from '../../tools/backends.js';
import { FORGETFUL_ERROR } from './adding-problem.js';
import { type Outcome, runVariant, VARIANTS, type Variant } from './experiment.js';
import { HELP, type Options, parseOptions } from './options.js';
import { conclusion, drawFlow, drawLosses, drawOutcomes, reachOf } from './report.js';

async function main(options: Options): Promise<void> {
  tf.enableProdMode();
  const { timesteps, steps, units } = options;
  if (options.backend !== undefined) await useBackend(options.backend);
  const backend = options.backend ?? (await useFastestBackend());
  console.log(`The adding problem on the backend '${backend}': two numbers are marked among ${timesteps}, one near the beginning, and their
sum is asked for at the end. Who remembers nothing has an error of 1/6 = ${FORGETFUL_ERROR.toFixed(4)} at best.
Three LSTMs of ${units} units, the same but for their bias, take ${steps} steps each on the same data.
`);
  const outcomes: Outcome[] = [];
  for (const variant of VARIANTS) {
    const outcome = await withProgress(variant, options);
    console.log(describe(outcome));
    outcomes.push(outcome);
  }
  console.log(`
Reach is the norm of the gradient dL/dc at the first timestep, as a fraction of that at the last:

${drawOutcomes(outcomes)}

${conclusion(outcomes)}`);
}

/** A bar, which cli-progress leaves out where there is no terminal. */
async function withProgress(variant: Variant, options: Options): Promise<Outcome> {
  const bar = new SingleBar({
    format: '  {variant} [{bar}] {percentage} %, {eta} s left',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(options.steps, 0, { variant });
  try {
    return await runVariant(variant, options, (step) => bar.update(step));
  } finally {
    bar.stop();
  }
}

function describe({ variant, history, seconds }: Outcome): string {
  const { records, warnings } = history;
  const [before, after] = [records[0], records.at(-1)] as [MonitorRecord, MonitorRecord];
  const vanishing = warnings.find(({ kind }) => kind === 'vanishing gradient');
  const until = vanishing && `it vanished until step ${vanishing.lastStep}`;
  return `${variant} (${seconds.toFixed(0)} s)
  gradient dL/dc from the first timestep to the last; a bar less is a tenth of the size
    before   ${drawFlow(before)}   ${reachOf(before).sentence}
    after    ${drawFlow(after)}   ${reachOf(after).sentence}${until ? `; ${until}` : ''}
  loss in the course of the training
             ${drawLosses(records)}
`;
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) console.log(HELP);
  else await main(options);
} catch (error) {
  console.error(`long-memory: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = 1;
}
