import type * as tfjs from '@tensorflow/tfjs';
import { POSTED, RUNNING } from '../../src/fused/wasm/threads/control.js';
import { useFastQR } from '../support/fast-qr.js';

declare global {
  interface Window {
    compareOn(expected: Expected): Promise<Comparison[]>;
  }
}

/** What a page is to run on. */
export interface Expected {
  backend: string;
  /** What the explicit layer's `lastImplementation` is to name. */
  implementation: string;
  /** Why it is not a fused kernel. */
  reason?: string;
  /** Whether tfjs's memory is to be shared by threads. */
  isThreaded?: boolean;
  /** What `setThreads(2)` is to resolve to; not asked for where it is left out. */
  threads?: number;
  /** From where the page is to load workers. */
  worker?: string;
}

/** How far the explicit layer is from the built-in one, in what a test checks. */
export interface Comparison {
  title: string;
  largestDifference: number;
  passed: boolean;
  problem?: string;
}

type Tf = typeof tfjs;
type Factory = typeof tfjs.layers.lstm;

const ABSOLUTE = 1e-5;
const RELATIVE = 1e-5;
/** Large, so that one step moves every weight by far more than the tolerance. */
const LEARNING_RATE = 8;
const [BATCH, TIMESTEPS, FEATURES, UNITS] = [3, 5, 4, 6];

/** Values without symmetry, so that a swapped gate or a transposed kernel shows; the same on every page. */
function randomTensor(tf: Tf, shape: number[], seed: number): tfjs.Tensor {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 1.6 - 0.7;
  };
  return tf.tensor(Array.from({ length: shape.reduce((a, b) => a * b, 1) }, next), shape);
}

function setRandomWeights(tf: Tf, model: tfjs.LayersModel): void {
  model.setWeights(model.getWeights().map((weight, index) => randomTensor(tf, weight.shape, 11 + index)));
}

async function compare(title: string, actual: tfjs.Tensor[], expected: tfjs.Tensor[]): Promise<Comparison> {
  const shapes = (tensors: tfjs.Tensor[]): string => tensors.map(({ shape }) => `[${shape}]`).join(', ');
  if (shapes(actual) !== shapes(expected)) {
    throw new Error(`the shapes must be ${shapes(expected)}, got ${shapes(actual)}`);
  }
  let [largestDifference, passed] = [0, true];
  for (const [index, tensor] of expected.entries()) {
    const [a, e] = [(await actual[index]?.data()) ?? [], await tensor.data()];
    // Two tensors of zeros would agree whatever the layer did.
    if (!e.some((value) => Math.abs(value) > 0.01)) throw new Error(`expected tensor ${index} has no value above 0.01`);
    for (const [k, value] of e.entries()) {
      const difference = Math.abs((a[k] ?? Number.NaN) - value);
      largestDifference = Math.max(largestDifference, difference);
      passed &&= difference <= ABSOLUTE + RELATIVE * Math.abs(value);
    }
  }
  return { title, largestDifference, passed };
}

async function compareOutputs(tf: Tf, lstm: Factory, returnSequences: boolean, returnState: boolean) {
  const [actual, expected] = [lstm, tf.layers.lstm].map((factory) => {
    const input = tf.input({ shape: [TIMESTEPS, FEATURES] });
    const layer = factory({ units: UNITS, returnSequences, returnState });
    const model = tf.model({
      inputs: input,
      outputs: layer.apply(input) as tfjs.SymbolicTensor | tfjs.SymbolicTensor[],
    });
    setRandomWeights(tf, model);
    return [model.predict(randomTensor(tf, [BATCH, TIMESTEPS, FEATURES], 7))].flat();
  }) as [tfjs.Tensor[], tfjs.Tensor[]];
  return compare(`returnSequences ${returnSequences}, returnState ${returnState}`, actual, expected);
}

async function compareTrainingStep(tf: Tf, lstm: Factory): Promise<Comparison> {
  const results: tfjs.Tensor[][] = [];
  for (const factory of [lstm, tf.layers.lstm]) {
    const model = tf.sequential({
      layers: [
        factory({ units: UNITS, returnSequences: true, inputShape: [TIMESTEPS, FEATURES] }),
        factory({ units: UNITS }),
        tf.layers.dense({ units: 2 }),
      ],
    });
    setRandomWeights(tf, model);
    const before = model.getWeights().map((weight) => weight.clone());
    model.compile({ loss: 'meanSquaredError', optimizer: tf.train.sgd(LEARNING_RATE) });
    const loss = await model.trainOnBatch(
      randomTensor(tf, [BATCH, TIMESTEPS, FEATURES], 7),
      randomTensor(tf, [BATCH, 2], 5),
    );
    const steps = model.getWeights().map((weight, index) => tf.sub(weight, before[index] as tfjs.Tensor));
    results.push([tf.tensor([loss].flat()), ...steps]);
  }
  return compare('one training step', ...(results as [tfjs.Tensor[], tfjs.Tensor[]]));
}

async function requireBackend(tf: Tf, backend: string): Promise<void> {
  const accepted = await tf.setBackend(backend);
  await tf.ready();
  if (!accepted || tf.getBackend() !== backend) {
    throw new Error(`the backend must be ${backend}, got ${tf.getBackend()}`);
  }
  if (backend === 'webgl' && !tf.env().getBool('WEBGL_RENDER_FLOAT32_ENABLED')) {
    throw new Error('WebGL must render to float32 textures: float16 allows no comparison at 1e-5');
  }
}

/** What the explicit layer ran on, and whether a kernel on the wasm backend worked on the tensors where they are. */
async function compareImplementation(tf: Tf, lstm: Factory, expected: Expected): Promise<Comparison> {
  const { backend, implementation } = expected;
  const layer = lstm({ units: UNITS }) as unknown as tfjs.layers.Layer & {
    lastImplementation: { name: string; reason?: string };
  };
  const input = randomTensor(tf, [BATCH, TIMESTEPS, FEATURES], 7);
  layer.apply(input);
  const host = tf.backend() as tfjs.KernelBackend & { wasm?: { wasmMemory?: WebAssembly.Memory } };
  const { readSync } = host;
  let reads = 0;
  host.readSync = (...parameters) => {
    reads += 1;
    return readSync.apply(host, parameters);
  };
  layer.apply(input);
  host.readSync = readSync;
  const { name, reason } = layer.lastImplementation;
  const threaded = self.crossOriginIsolated && host.wasm?.wasmMemory?.buffer instanceof SharedArrayBuffer;
  const problems = [
    ...(name === implementation && reason === expected.reason ? [] : [`ran on ${name}${reason ? ` (${reason})` : ''}`]),
    ...(backend === 'wasm' && implementation !== 'reference' && reads > 0 ? [`copied ${reads} tensors`] : []),
    ...(expected.isThreaded && !threaded ? ['the memory is not shared by threads'] : []),
  ];
  const passed = problems.length === 0;
  return {
    title: `runs on ${implementation}`,
    largestDifference: 0,
    passed,
    ...(!passed && { problem: problems.join('; ') }),
  };
}

/** The functions of this package that are called. */
interface Package {
  lstm: Factory;
  setThreads: (n: number, options?: { worker?: string }) => Promise<number>;
}

/** The same bits on two threads as on one. */
async function compareThreads(tf: Tf, { lstm, setThreads }: Package, expected: Expected): Promise<Comparison> {
  const [batch, timesteps, features, units] = [9, 20, 40, 64];
  const layer = lstm({ units, returnSequences: true, recurrentInitializer: 'glorotNormal' });
  const x = randomTensor(tf, [batch, timesteps, features], 3);
  layer.apply(x);
  const train = async () => {
    const loss = (input: tfjs.Tensor) => tf.sum(tf.square(layer.apply(input) as tfjs.Tensor)) as tfjs.Scalar;
    const { value, grads } = tf.variableGrads(() => loss(x));
    return Promise.all([value, ...Object.values(grads), tf.grad(loss)(x)].map((tensor) => tensor.data()));
  };
  const alone = await train();
  const { compareExchange } = Atomics;
  let taken = 0;
  const threads = await setThreads(2, expected.worker === undefined ? {} : { worker: expected.worker });
  // Whoever posts a job asks so whether it has been taken up.
  Atomics.compareExchange = ((...given: Parameters<typeof compareExchange>) => {
    taken += 1;
    return compareExchange(...given);
  }) as typeof compareExchange;
  const together = await train();
  Atomics.compareExchange = compareExchange;
  await setThreads(1);
  const problems = [
    ...(threads === expected.threads ? [] : [`there were ${threads} threads`]),
    ...(taken > 0 === threads > 1 ? [] : [`${taken} jobs on ${threads} threads`]),
    ...alone.flatMap((values, n) => (values.every((value, k) => value === together[n]?.[k]) ? [] : [`result ${n}`])),
  ];
  const passed = problems.length === 0;
  const title = `setThreads(2) gives ${expected.threads}`;
  return { title, largestDifference: 0, passed, ...(!passed && { problem: problems.join('; ') }) };
}

/**
 * Weights that stay are packed once, also where threads share the memory of tfjs's tensors; and after a worker was lost in it,
 * results are still right.
 */
async function compareKeptPanels(tf: Tf, { lstm, setThreads }: Package, expected: Expected): Promise<Comparison> {
  const problems: string[] = [];
  const host = tf.backend() as tfjs.KernelBackend & { wasm?: { _malloc(bytes: number): number } };
  // By samples, and by units.
  for (const [batch, timesteps, features, units] of [
    [9, 20, 40, 64],
    [1, 80, 48, 96],
  ] as const) {
    const layer = lstm({ units, returnSequences: true, recurrentInitializer: 'glorotNormal' });
    const xs = [1, 2, 3, 4].map((seed) => randomTensor(tf, [batch, timesteps, features], seed));
    layer.apply(xs[0] as tfjs.Tensor);
    const run = () => xs.map((x) => (layer.apply(x) as tfjs.Tensor).dataSync());
    const changeWeights = () => layer.setWeights(layer.getWeights().map((weight) => tf.mul(weight, 0.5)));
    const initial = layer.getWeights().map((weight) => weight.clone());
    const alone = run();
    changeWeights();
    const aloneAfterwards = run();
    layer.setWeights(initial);
    await setThreads(2, expected.worker === undefined ? {} : { worker: expected.worker });
    const reserved: number[] = [];
    const malloc = host.wasm?._malloc;
    if (host.wasm !== undefined && malloc !== undefined) {
      host.wasm._malloc = (bytes) => {
        reserved[reserved.length - 1] = (reserved.at(-1) as number) + bytes;
        return malloc.call(host.wasm, bytes);
      };
    }
    const together = xs.map((x) => {
      reserved.push(0);
      return (layer.apply(x) as tfjs.Tensor).dataSync();
    });
    if (host.wasm !== undefined && malloc !== undefined) host.wasm._malloc = malloc;
    const bytesOfPanels = 16 * units * (features + units);
    const [first, , , last] = reserved as [number, number, number, number];
    const isOfBackend = expected.isThreaded && first - last < bytesOfPanels;
    if (isOfBackend) problems.push(`the first call reserved ${first} bytes, the last ${last}`);
    changeWeights();
    const received = [...together, ...run()];
    for (const [n, values] of [...alone, ...aloneAfterwards].entries()) {
      if (!values.every((value, k) => value === received[n]?.[k])) problems.push(`${batch} samples, result ${n}`);
    }
    // On a busy machine, units may not be divided.
    if (batch > 1) {
      // The worker has taken up its job, as far as anybody can see, and does nothing.
      const { store } = Atomics;
      Atomics.store = ((words: Int32Array, at: number, value: number) =>
        store(words, at, value === POSTED ? RUNNING : value)) as typeof store;
      const { numTensors } = tf.memory();
      const lost = (layer.apply(xs[1] as tfjs.Tensor) as tfjs.Tensor).dataSync();
      Atomics.store = store;
      if (!lost.every((value, k) => value === aloneAfterwards[1]?.[k])) problems.push(`a lost worker`);
      // Beside the result.
      const left = tf.memory().numTensors - numTensors - 1;
      if (left > 0 !== (expected.isThreaded === true))
        problems.push(`${left} tensors are left where it may still write`);
    }
    await setThreads(1);
  }
  const passed = problems.length === 0;
  const title = 'threads keep panels, and may be lost';
  return { title, largestDifference: 0, passed, ...(!passed && { problem: problems.join('; ') }) };
}

/** Holds the explicit LSTM to the built-in one of the same page, on one backend. */
export async function compareOn(expected: Expected, tf: Tf, given: unknown): Promise<Comparison[]> {
  useFastQR(tf);
  const { lstm, setThreads } = given as Package;
  const comparisons: Array<[string, () => Promise<Comparison>]> = [];
  for (const sequences of [false, true]) {
    for (const state of [false, true]) {
      const title = `returnSequences ${sequences}, returnState ${state}`;
      comparisons.push([title, () => compareOutputs(tf, lstm, sequences, state)]);
    }
  }
  comparisons.push(['one training step', () => compareTrainingStep(tf, lstm)]);
  comparisons.push(['implementation', () => compareImplementation(tf, lstm, expected)]);
  if (expected.threads !== undefined) {
    comparisons.push(['threads', () => compareThreads(tf, { lstm, setThreads }, expected)]);
    if (expected.threads > 1) {
      comparisons.push(['panels', () => compareKeptPanels(tf, { lstm, setThreads }, expected)]);
    }
  }
  const results: Comparison[] = [];
  for (const [title, run] of comparisons) {
    try {
      await requireBackend(tf, expected.backend);
      results.push(await run());
    } catch (error) {
      results.push({ title, largestDifference: Number.NaN, passed: false, problem: String(error) });
    }
  }
  return results;
}
