import { appendFileSync, writeFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { setThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import { useBackend } from '../tools/backends.js';
import { describeMachine, type Machine, versionsOf } from './machine.js';
import { type BenchmarkOptions, OPTIONS_HELP, parseOptions, type SectionName } from './options.js';
import { formatResults, formatTable, type Result } from './report.js';
import { formatResultsFile, resultsFile } from './results-file.js';
import type { Section } from './section.js';
import { bidirectionalSection } from './sections/bidirectional.js';
import { builtInSection } from './sections/built-in.js';
import { cellsSection } from './sections/cells.js';
import { firstCallSection } from './sections/first-call.js';
import { floorSection } from './sections/floor.js';
import { flowSection } from './sections/flow.js';
import { type Growth, growthSection } from './sections/growth.js';
import { inspectionSection } from './sections/inspection.js';
import { modelsSection } from './sections/models.js';
import { onnxSection } from './sections/onnx.js';
import { openingSection } from './sections/opening.js';
import { overheadSection } from './sections/overhead.js';
import { partsSection } from './sections/parts.js';
import { streamingSection } from './sections/streaming.js';
import { threadsSection } from './sections/threads.js';
import { torchSection } from './sections/torch.js';
import { variantsSection } from './sections/variants.js';
import { showTables } from './tables.js';
import { judge, judgeGrowth, type Verdict } from './targets/judge.js';
import { GROWTH_TARGETS, TARGETS } from './targets/targets.js';

const HELP = `Compares the speed of the explicit layer with that of others and with the machine's limits, in one run, and checks that
all results agree.

  npm run bench -- [options]

${OPTIONS_HELP}

Everything runs on one thread; TF_NUM_INTRAOP_THREADS=2 in the environment gives TensorFlow more.`;

const SECTIONS: Record<SectionName, Section> = {
  models: modelsSection,
  inference: builtInSection('inference'),
  training: builtInSection('training'),
  'training-inputs': builtInSection('training-inputs'),
  trace: builtInSection('trace'),
  flow: flowSection,
  onnx: onnxSection,
  torch: torchSection,
  floor: floorSection,
  parts: partsSection,
  growth: growthSection,
  inspection: inspectionSection,
  streaming: streamingSection,
  overhead: overheadSection,
  bidirectional: bidirectionalSection,
  variants: variantsSection,
  cells: cellsSection,
  threads: threadsSection,
  'first-call': firstCallSection,
  opening: openingSection,
};

async function main(options: BenchmarkOptions): Promise<void> {
  const start = performance.now();
  // Keeps tfjs from advertising tfjs-node on the other backends.
  tf.enableProdMode();
  const threads = limitThreads();
  // Anything missing should be noticed before the first minutes are spent.
  const machine = describeMachine();
  const files = [
    ...(options.json === undefined ? [] : [options.json]),
    ...(options.save ? [resultsFile(machine)] : []),
  ];
  for (const file of files) appendFileSync(file, '');
  for (const backend of options.backends) await useBackend(backend);
  const versions = versionsOf(options.backends);
  console.log(introduction(machine, versions, threads));
  const results: Result[] = [];
  const data: Partial<Record<SectionName, unknown>> = {};
  for (const name of options.sections) {
    const { title, run } = SECTIONS[name];
    console.log(`\n${title}`);
    const outcome = await run(options);
    if (outcome.results.length > 0) console.log(formatResults(outcome.results));
    for (const table of outcome.tables ?? []) console.log(table);
    results.push(...outcome.results);
    if (outcome.data !== undefined) data[name] = outcome.data;
  }
  const verdicts = [
    ...TARGETS.flatMap((target) => judge(target, results)),
    ...GROWTH_TARGETS.map((target) => judgeGrowth(target, (data.growth ?? []) as Growth[])),
  ];
  console.log(`\n${formatVerdicts(verdicts)}`);
  const minutes = ((performance.now() - start) / 60e3).toFixed(1);
  console.log(`\n${minutes} minutes`);
  const written = { machine, versions, threads, plain: options.plain, results, data, targets: verdicts };
  for (const file of files) writeFileSync(file, formatResultsFile(written));
}

/**
 * Keeps every contestant to one thread, before a backend is loaded. ONNX Runtime is told by its sessions.
 *
 * @returns How, in words.
 */
function limitThreads(): string {
  // TensorFlow reads them when it is first used; what the caller's environment says comes first.
  process.env.TF_NUM_INTRAOP_THREADS ??= '1';
  process.env.TF_NUM_INTEROP_THREADS ??= '1';
  process.env.OMP_NUM_THREADS ??= '1';
  setThreadsCount(1);
  const { TF_NUM_INTRAOP_THREADS, TF_NUM_INTEROP_THREADS } = process.env;
  return `Threads: TensorFlow ${TF_NUM_INTRAOP_THREADS} (and ${TF_NUM_INTEROP_THREADS} between ops), all others 1`;
}

function introduction(
  { cpu, simd, l2, cores, load, node }: Machine,
  versions: Record<string, string>,
  threads: string,
): string {
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${[cpu, ...(simd === null ? [] : [simd]), ...(l2 === null ? [] : [`L2 ${l2}`])].join(', ')}, ${cores} cores, load ${load.toFixed(1)}; Node ${node}; float32.`,
    `${packages.join(', ')}.`,
    `${threads}.`,
    'Ratios are the time of the first over that of the second: above 1, the second is faster. Times are medians.',
  ].join('\n');
}

function formatVerdicts(verdicts: readonly Verdict[]): string {
  const judged = verdicts.filter(({ reached }) => reached !== null);
  const title = `Targets: ${judged.length} of ${verdicts.length} were measured`;
  if (judged.length === 0) return title;
  const table = formatTable(
    ['target', 'at', 'wanted', 'measured', 'reached'],
    judged.map(({ claim, at, wanted, measured, reached }) => [
      claim,
      at,
      wanted,
      (measured as number).toFixed(2),
      reached ? 'yes' : 'no',
    ]),
  );
  return `${title}\n${table}`;
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) console.log(HELP);
  else if (options.markdown !== undefined) showTables(options.markdown, options.write);
  else await main(options);
} catch (error) {
  console.error(`bench: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = 1;
}
