import { readFileSync, writeFileSync } from 'node:fs';
import { formatTime } from './format-time.js';
import type { Result } from './report.js';
import type { ResultsFile } from './results-file.js';

/** A table of README.md or docs/speed.md, which is found there by its head. */
export interface DocumentTable {
  head: string[];
  rows: string[][];
}

const DOCUMENTS = ['README.md', 'docs/speed.md'];
const MEASURED_ON = 'Measured on ';
/** Where nothing was measured. */
const NOTHING = '–';

type Find = (
  wanted: Partial<Pick<Result, 'section' | 'backend' | 'shape' | 'setting'>>,
  names?: Names,
) => Result | undefined;
interface Names {
  baseline?: string;
  candidate?: string;
}

/** The tables of the documents, from one run. */
export function tablesOf({ results, targets }: ResultsFile): DocumentTable[] {
  const find: Find = (wanted, names = {}) =>
    results.find(
      (result) =>
        Object.entries(wanted).every(([key, value]) => result[key as 'shape'] === value) &&
        result.compared.baseline.startsWith(names.baseline ?? '') &&
        result.compared.candidate.startsWith(names.candidate ?? ''),
    );
  const distinct = (key: 'shape' | 'backend', section: Result['section']) => [
    ...new Set(results.filter((result) => result.section === section).map((result) => result[key])),
  ];
  const models = distinct('shape', 'models');
  const shapes = distinct('shape', 'inference');
  const missed = targets.filter(({ reached }) => reached === false);
  return [
    {
      head: ['model: training step, 32 rows, one row', 'wasm', 'cpu', 'tensorflow'],
      rows: models.map((shape) => [
        shape,
        ...['wasm', 'cpu', 'tensorflow'].map((backend) =>
          MODEL_SETTINGS.map((setting) =>
            speedup(find({ section: 'models', backend, shape, setting }, { candidate: 'accelerated' })),
          ).join(', '),
        ),
      ]),
    },
    {
      head: [
        'model, ms',
        'backend',
        'training step',
        'without LSTMs',
        'its LSTMs alone',
        'prediction of 32 rows',
        'prediction of one row',
      ],
      rows: models.flatMap((shape) =>
        distinct('backend', 'models').map((backend) => [
          shape,
          backend,
          ...MODEL_SETTINGS.flatMap((setting) => {
            const place = { section: 'models', backend, shape, setting } as const;
            const [fast, own] = ['accelerated', 'explicit'].map((candidate) => find(place, { candidate }));
            const times =
              fast === undefined || own === undefined
                ? NOTHING
                : [fast.baseline, fast.candidate, own.candidate].map(({ median }) => formatTime(median)).join(' → ');
            if (setting !== 'training step') return [times];
            const rest = find(place, { candidate: 'without LSTMs' });
            if (fast === undefined || rest === undefined) return [times, NOTHING, NOTHING];
            const others = rest.candidate.median;
            const gain = (fast.baseline.median - others) / (fast.candidate.median - others);
            return [times, formatTime(others), formatFactor(gain)];
          }),
        ]),
      ),
    },
    ...(['hardSigmoid', 'sigmoid'] as const).map((setting) => ({
      head: [`B x T x D x U, ${setting}`, 'wasm: inference, training', 'cpu', 'tensorflow'],
      rows: shapes.map((shape) => [
        shape,
        ...['wasm', 'cpu', 'tensorflow'].map((backend) =>
          (['inference', 'training'] as const)
            .map((section) => speedup(find({ section, backend, shape, setting })))
            .join(', '),
        ),
      ]),
    })),
    {
      head: ['a timestep a call, stateful', 'wasm', 'cpu', 'tensorflow'],
      rows: distinct('shape', 'streaming').map((shape) => [
        shape,
        ...['wasm', 'cpu', 'tensorflow'].map((backend) => speedup(find({ section: 'streaming', backend, shape }))),
      ]),
    },
    {
      head: ['extra time for a trace: hardSigmoid, sigmoid', 'wasm', 'cpu', 'tensorflow'],
      rows: distinct('shape', 'trace').map((shape) => [
        shape,
        ...['wasm', 'cpu', 'tensorflow'].map((backend) =>
          ['hardSigmoid', 'sigmoid']
            .map((setting) => {
              const trace = find({ section: 'trace', backend, shape, setting });
              return trace === undefined ? NOTHING : `${Math.round(100 * (1 / trace.ratio.median - 1))} %`;
            })
            .join(', '),
        ),
      ]),
    },
    {
      head: ['B x T x D x U, sigmoid', '`lstm`, ms', 'onnxruntime-web / `lstm`', '`lstm` / floor'],
      rows: shapes.map((shape) => {
        const place = { backend: 'wasm', shape } as const;
        const onnx = find({ ...place, section: 'onnx' }, { baseline: 'onnxruntime-web' });
        const floor = find({ ...place, section: 'floor' });
        return [
          shape,
          onnx === undefined ? NOTHING : formatTime(onnx.candidate.median),
          onnx === undefined ? NOTHING : onnx.ratio.median.toFixed(2),
          floor === undefined ? NOTHING : (1 / floor.ratio.median).toFixed(2),
        ];
      }),
    },
    {
      head: [
        'B x T x D x U, sigmoid',
        'PyTorch, ms: inference, training',
        'wasm / PyTorch',
        'tensorflow / PyTorch',
        'PyTorch on 2 threads, ms',
      ],
      rows: distinct('shape', 'torch').map((shape) => {
        const both = (show: (setting: string) => string) => ['inference', 'training'].map(show).join(', ');
        const of = (backend: string, setting: string, threads: number) =>
          find({ section: 'torch', backend, shape, setting }, { baseline: `PyTorch on ${threads}` });
        const time = (threads: number) =>
          both((setting) => {
            const found = of('wasm', setting, threads);
            return found === undefined ? NOTHING : formatTime(found.baseline.median);
          });
        const factor = (backend: string) =>
          both((setting) => {
            const found = of(backend, setting, 1);
            return found === undefined ? NOTHING : (1 / found.ratio.median).toFixed(2);
          });
        return [shape, time(1), factor('wasm'), factor('tensorflow'), time(2)];
      }),
    },
    {
      head: ['target missed', 'at', 'wanted', 'measured'],
      rows: missed.map(({ claim, at, wanted, measured }) => [claim, at, wanted, (measured as number).toFixed(2)]),
    },
  ];
}

const MODEL_SETTINGS = ['training step', 'prediction of 32 rows', 'prediction of one row'] as const;

/** To two digits, or all digits of the whole part. */
function speedup(result: Result | undefined): string {
  return result === undefined ? NOTHING : formatFactor(result.ratio.median);
}

function formatFactor(factor: number): string {
  return factor >= 10 ? factor.toFixed(0) : factor.toPrecision(2);
}

/** What the figures were measured on, as a line of the documents. */
export function measuredOn({ machine, threads, versions, targets }: ResultsFile): string {
  const details = [machine.simd, machine.l2 === null ? null : `L2 ${machine.l2}`].filter((detail) => detail !== null);
  const judged = targets.filter(({ reached }) => reached !== null);
  const reached = judged.filter((target) => target.reached);
  const tfjs = versions['@tensorflow/tfjs-backend-wasm'] ?? versions['@tensorflow/tfjs'];
  return (
    `${MEASURED_ON}${machine.cores} cores of ${machine.cpu} (${details.join(', ')}), load ${machine.load.toFixed(1)}, ` +
    `Node ${machine.node.slice(1)}, tfjs ${tfjs}. ${threads}. ` +
    `${reached.length} of ${judged.length} targets reached. A dash: not timed.`
  );
}

/** Leaves out rows of which nothing was timed. */
export function formatMarkdown({ head, rows }: DocumentTable): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const shown = rows.filter(([, ...cells]) => cells.some((cell) => cell.replaceAll(NOTHING, '').match(/\w/)));
  return [line(head), `|${'---|'.repeat(head.length)}`, ...shown.map(line)].join('\n');
}

/**
 * Puts tables in the place of those with the same heads, and the line that says what they were measured on in the place of the
 * one that did.
 */
export function replaceTables(text: string, tables: readonly DocumentTable[], measured: string): string {
  const lines: string[] = [];
  let isOld = false;
  for (const line of text.split('\n')) {
    isOld = isOld && line.startsWith('|');
    if (isOld) continue;
    const table = tables.find(({ head }) => line === `| ${head.join(' | ')} |`);
    isOld = table !== undefined;
    if (table !== undefined) lines.push(formatMarkdown(table));
    else lines.push(line.startsWith(MEASURED_ON) ? measured : line);
  }
  return lines.join('\n');
}

/** Prints the tables of a results file, or writes them into the documents. */
export function showTables(file: string, isWritten: boolean): void {
  const results = JSON.parse(readFileSync(file, 'utf8')) as ResultsFile;
  // What a run did not measure stays as it is in the documents.
  const tables = tablesOf(results).filter(({ rows }) => rows.length > 0);
  const measured = measuredOn(results);
  if (!isWritten) {
    console.log([measured, ...tables.map(formatMarkdown)].join('\n\n'));
    return;
  }
  for (const path of DOCUMENTS) writeFileSync(path, replaceTables(readFileSync(path, 'utf8'), tables, measured));
}
