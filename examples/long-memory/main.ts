import * as tf from '@tensorflow/tfjs';
import { SingleBar } from 'cli-progress';
import type { MonitorRecord } from '../../src/inspect/index.js';
import { useBackend, useFastestBackend } from '../../tools/backends.js';
import { FORGETFUL_ERROR } from './adding-problem.js';
import { type Outcome, runVariant, VARIANTS, type Variant } from './experiment.js';
import { HELP, type Options, parseOptions } from './options.js';
import { conclusion, drawFlow, drawLosses, drawOutcomes } from './report.js';

async function main(options: Options): Promise<void> {
  tf.enableProdMode();
  const { timesteps, steps, units } = options;
  if (options.backend !== undefined) await useBackend(options.backend);
  const backend = options.backend ?? (await useFastestBackend());
  console.log(`The adding problem on the backend '${backend}': among ${timesteps} numbers two are marked, one of them near the beginning, and
the task is to output their sum at the end. Without any memory, the error is at least 1/6 = ${FORGETFUL_ERROR.toFixed(4)}.
Three LSTMs of ${units} units that differ only in their bias take ${steps} steps each on the same data.
`);
  const outcomes: Outcome[] = [];
  for (const variant of VARIANTS) {
    const outcome = await withProgress(variant, options);
    console.log(describe(outcome));
    outcomes.push(outcome);
  }
  console.log(`
Reach: the norm of dL/dc at the first timestep, as a fraction of that at the last. It arrives at the training step from which
on at least 1/1000 of the gradient survives the sequence. Learned: from that step on, the loss is below a quarter of 1/6.

${drawOutcomes(outcomes)}

${conclusion(outcomes)}`);
}

/** A progress bar, which cli-progress omits if there is no terminal. */
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
  const { records } = history;
  const [before, after] = [records[0], records.at(-1)] as [MonitorRecord, MonitorRecord];
  const sentence = ({ layers }: MonitorRecord) => layers[0]?.flow?.sentence ?? 'not measured';
  return `${variant} (${seconds.toFixed(0)} s)
  gradient dL/dc from the first timestep to the last; each bar lower means a tenth of the size
    before   ${drawFlow(before)}
             ${sentence(before)}
    after    ${drawFlow(after)}
             ${sentence(after)}
  loss during training; a full bar is 1/6 or more
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
