import { type Contestant, relativeDifference } from '../contestant.js';
import { formatShape, parseShape, type Shape } from '../shapes.js';
import { type Spread, spreadOf } from '../spread.js';
import { drawValues } from '../weights.js';
import { ENTRANTS, type Entrant, type Place, useBackend } from './contestants.js';
import { type Device, describeDevice } from './device.js';
import { countLaunches } from './launches.js';

export interface RunOptions {
  /** `BxTxDxU` */
  shapes: string[];
  /** The ids of entrants. */
  contestants: string[];
  /** For each of them and each pass. */
  seconds: number;
}

export type Pass = 'forward' | 'training';

/** What was found out of one entrant, for one shape, in one pass. */
export interface Row {
  shape: string;
  contestant: string;
  name: string;
  place: Place;
  pass: Pass;
  /** Milliseconds of a run; null where it was not timed. */
  ms: Spread | null;
  runs: number;
  /** Null on the processor. */
  launches: number | null;
  /** The largest difference from what is expected, relative to the largest value. */
  difference: number | null;
  /** What a layer of this package ran on. */
  ranOn: string;
  /** Why it was not timed. */
  problem: string | null;
}

export interface Report {
  date: string;
  device: Device;
  versions: Record<string, string>;
  seconds: number;
  rows: Row[];
}

declare const VERSIONS: Record<string, string>;

/** What is computed with float32, or with less on some graphics cards, may differ by so much from what is expected. */
const TOLERANCE = 1e-3;
const LEAST_RUNS = 3;
const MOST_RUNS = 500;
/** What takes longer is run once. */
const LONG_MS = 3000;

/** The entrant whose results are expected of all others: the one that is held to float64 by tests. */
const EXPECTED_OF = 'fused-wasm';

/**
 * Lets each entrant run each shape, one after the other.
 *
 * @param show Is told what is being done, and each row as soon as it is there.
 */
export async function runAll(
  { shapes, contestants, seconds }: RunOptions,
  show: (doing: string, rows: readonly Row[]) => void,
): Promise<Report> {
  const rows: Row[] = [];
  const device = await describeDevice();
  const chosen = ENTRANTS.filter(({ id }) => contestants.includes(id));
  for (const text of shapes) {
    const shape = parseShape(text);
    show(`${text}: what is expected`, rows);
    await breathe();
    await useBackend('cpu');
    // Not on webgpu, where nothing can be read at once.
    drawValues(shape);
    const expected = await expectedResults(shape);
    for (const entrant of chosen) {
      show(`${text}: ${entrant.name}`, rows);
      await breathe();
      rows.push(...(await runOne(entrant, shape, expected, seconds)));
      show(`${text}: ${entrant.name}`, rows);
    }
  }
  show('', rows);
  return { date: new Date().toISOString(), device, versions: VERSIONS, seconds, rows };
}

type Results = Record<Pass, Float32Array[]>;

async function expectedResults(shape: Shape): Promise<Results> {
  const { forward, training, close } = await (ENTRANTS.find(({ id }) => id === EXPECTED_OF) as Entrant).open(shape);
  const expected = { forward: await forward.results(), training: await (training as Contestant).results() };
  await close();
  return expected;
}

async function runOne(entrant: Entrant, shape: Shape, expected: Results, seconds: number): Promise<Row[]> {
  const { id, name, place, fails } = entrant;
  const blank = {
    shape: formatShape(shape),
    contestant: id,
    name,
    place,
    ms: null,
    runs: 0,
    launches: null,
    ranOn: '',
  };
  const failed = (pass: Pass, error: unknown): Row => ({
    ...blank,
    pass,
    difference: null,
    problem: `${error instanceof Error ? error.message : error}${fails === undefined ? '' : ` (${fails})`}`,
  });
  const rows: Row[] = [];
  try {
    const opened = await entrant.open(shape);
    for (const pass of ['forward', 'training'] as const) {
      const contestant = opened[pass];
      if (contestant === null) continue;
      try {
        rows.push({ ...blank, pass, ...(await judge(place, contestant, expected[pass], seconds)) });
      } catch (error) {
        rows.push(failed(pass, error));
      }
      await breathe();
    }
    await opened.close();
  } catch (error) {
    return [failed('forward', error)];
  }
  return rows;
}

type Judged = Pick<Row, 'ms' | 'runs' | 'launches' | 'difference' | 'ranOn' | 'problem'>;

/** Times what computes what it should. */
async function judge(place: Place, contestant: Contestant, expected: Float32Array[], seconds: number): Promise<Judged> {
  const start = performance.now();
  const results = await contestant.results();
  const first = performance.now() - start;
  const differences = expected.map((values, n) => relativeDifference(values, results[n]));
  // Math.max keeps a NaN.
  const difference = Math.max(...differences);
  const ranOn = contestant.implementation?.() ?? '';
  if (!(difference <= TOLERANCE)) {
    const problem = `wrong: it differs by ${difference.toPrecision(2)} from what is expected`;
    return { ms: null, runs: 0, launches: null, difference, ranOn, problem };
  }
  const launches = await countLaunches(place, contestant.run);
  const times: number[] = [];
  const least = first > LONG_MS ? 1 : LEAST_RUNS;
  let spent = 0;
  while (times.length < least || (spent < 1000 * seconds && times.length < MOST_RUNS)) {
    const before = performance.now();
    await contestant.run();
    times.push(performance.now() - before);
    spent += times.at(-1) as number;
  }
  return { ms: spreadOf(times), runs: times.length, launches, difference, ranOn, problem: null };
}

/** Lets the page draw. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}
