import { Worker } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs';
import * as heaps from '../../../../src/fused/wasm/heap.js';
import { KeptPanels } from '../../../../src/fused/wasm/kept-panels.js';
import { type Build, fastestBuild } from '../../../../src/fused/wasm/module.js';
import * as pauses from '../../../../src/fused/wasm/threads/pause.js';
import { WorkerPool } from '../../../../src/fused/wasm/threads/pool.js';
import { WasmThreads } from '../../../../src/fused/wasm/threads/threads.js';
import { WORKER_SCRIPT } from '../../../../src/fused/wasm/threads/worker-script.js';
import * as workers from '../../../../src/fused/wasm/threads/workers.js';
import * as host from '../../../../src/host/wasm-memory.js';
import { lstm } from '../../../../src/index.js';
import { useBackend } from '../../../../tools/backends.js';
import { randomTensor } from '../../../support/random.js';
import { awaitWorkers } from './support/await-workers.js';

const [B, T, D, U] = [1, 80, 48, 96];
const build = fastestBuild() as Build;

beforeAll(() => useBackend('wasm'));

beforeEach(() => {
  // As where no others keep the cores busy.
  awaitWorkers();
  jest.spyOn(pauses, 'isWaitTooLong').mockReturnValue(false);
  jest.spyOn(pauses, 'pauseAfter').mockReturnValue(0);
});

afterEach(() => {
  heaps.useThreads(null);
  jest.restoreAllMocks();
});

/** A layer whose calls threads divide by units. */
const layer = () => lstm({ units: U, returnState: true, recurrentInitializer: 'glorotNormal', useFused: true });

/** Words that the stalled worker and this thread share. */
const GO_ON = 0;
const HAS_WRITTEN = 1;

/** Stalls its worker in the middle of a sequence, between two meetings, and says when the worker has gone on to the next. */
const STALL = `
  const { workerData: words } = require('node:worker_threads');
  const { Instance } = WebAssembly;
  WebAssembly.Instance = function (module, { env }) {
    let meetings = 0;
    const awaitOthers = () => {
      try {
        env.awaitOthers();
      } catch (error) {
        Atomics.store(words, ${HAS_WRITTEN}, 1);
        Atomics.notify(words, ${HAS_WRITTEN});
        throw error;
      }
      meetings += 1;
      if (meetings === 10) Atomics.wait(words, ${GO_ON}, 0);
    };
    return new Instance(module, { env: { ...env, awaitOthers } });
  };
`;

test('a worker that goes on after it was given up writes to nothing that is in use', async () => {
  const words = new Int32Array(new SharedArrayBuffer(8));
  const started: Worker[] = [];
  jest.spyOn(workers, 'startWorker').mockImplementation(() => {
    const worker = new Worker(STALL + WORKER_SCRIPT, { eval: true, execArgv: [], workerData: words });
    worker.unref();
    started.push(worker);
    // It is told to end, and does so later.
    return { send: (message) => worker.postMessage(message), end: () => {} };
  });
  const made = layer();
  const x = randomTensor([B, T, D], 3);
  const results = () => tf.tidy(() => (made.apply(x) as tf.Tensor[]).map((tensor) => tensor.dataSync()));
  const expected = results();
  const onLost = jest.fn();
  const threads = new WasmThreads(2, onLost);
  await threads.prepare(build);
  const { execute } = heaps;
  jest.spyOn(heaps, 'execute').mockImplementation((...call) => {
    execute(...call);
    // It has been computed on this thread: the worker goes on.
    Atomics.store(words, GO_ON, 1);
    Atomics.notify(words, GO_ON);
    expect(Atomics.wait(words, HAS_WRITTEN, 0, 30_000)).not.toBe('timed-out');
  });
  heaps.useThreads(threads);
  expect(results()).toEqual(expected);
  expect(onLost).toHaveBeenCalledWith('a worker has stopped');
  await Promise.all(started.map((worker) => worker.terminate()));
  tf.dispose([x, ...made.getWeights()]);
});

describe("In the memory of tfjs's threaded wasm backend", () => {
  /** Memory that threads share, in the place of the backend's, with what is allocated there and freed. */
  function shareMemory() {
    const memory = new WebAssembly.Memory({ initial: 200, maximum: 200, shared: true });
    const addresses = new WeakMap<tf.DataId, number>();
    const allocated: number[] = [];
    const freed: number[] = [];
    const written: tf.Tensor[] = [];
    let end = 64;
    const allocate = (bytes: number) => {
      const address = end;
      end += Math.ceil(bytes / 64) * 64;
      return address;
    };
    const wasm: host.WasmMemory = {
      memory,
      addressOf(tensor) {
        const address = addresses.get(tensor.dataId) ?? allocate(4 * tensor.size);
        if (!addresses.has(tensor.dataId)) {
          new Float32Array(memory.buffer, address, tensor.size).set(tensor.dataSync());
        }
        addresses.set(tensor.dataId, address);
        return address;
      },
      makeTensor(shape) {
        const tensor = tf.zeros(shape);
        addresses.set(tensor.dataId, allocate(4 * tensor.size));
        written.push(tensor);
        return tensor;
      },
      allocate(bytes) {
        const address = allocate(bytes);
        allocated.push(address);
        return address;
      },
      free: (address) => void freed.push(address),
    };
    const keptPanels = new KeptPanels(wasm);
    jest.spyOn(host, 'openWasmMemory').mockReturnValue(wasm);
    jest.spyOn(heaps, 'panelsIn').mockReturnValue(keptPanels);
    return { allocated, freed, written, keptPanels };
  }

  /** The second of two calls, which packs the weights in order to keep them. */
  async function callTwice(isLost: boolean) {
    const made = layer();
    const x = randomTensor([B, T, D], 3);
    const run = () => tf.tidy(() => (made.apply(x) as tf.Tensor[]).map((tensor) => tensor.dataSync()));
    const expected = run();
    const { allocated, freed, written, keptPanels } = shareMemory();
    const threads = new WasmThreads(2, jest.fn());
    await threads.prepare(build);
    heaps.useThreads(threads);
    run();
    for (const list of [allocated, freed, written]) list.length = 0;
    const tried = jest.spyOn(WorkerPool.prototype, 'run');
    if (isLost) {
      tried.mockImplementation(function (this: WorkerPool) {
        (this as unknown as { lose: (reason: string) => void }).lose('a worker has stopped');
        return false;
      });
    }
    const { numTensors } = tf.memory();
    const received = run();
    heaps.useThreads(null);
    expect(tried).toHaveBeenCalledTimes(1);
    const leftTensors = tf.memory().numTensors - numTensors;
    const areDisposed = written.map((tensor) => tensor.isDisposed);
    const keptBytes = keptPanels.bytes;
    threads.end();
    tf.dispose([x, ...made.getWeights(), ...written.filter((tensor) => !tensor.isDisposed)]);
    return { expected, received, allocated, freed, leftTensors, areDisposed, keptBytes };
  }

  test('a call gives back all that it has used, but for the panels that it keeps', async () => {
    const { allocated, freed, leftTensors, areDisposed, keptBytes } = await callTwice(false);
    expect(freed.length).toBeGreaterThan(2);
    expect(allocated.slice(2)).toEqual(freed);
    expect(keptBytes).toBeGreaterThan(4 * 4 * U * (D + U));
    expect(areDisposed).toEqual(areDisposed.map(() => true));
    expect(leftTensors).toBe(0);
  });

  test('one in which a worker was lost gives nothing back, and is made anew elsewhere', async () => {
    const { expected, received, allocated, freed, leftTensors, areDisposed, keptBytes } = await callTwice(true);
    expect(received).toEqual(expected);
    expect(allocated.length).toBeGreaterThan(4);
    expect(freed).toEqual([]);
    expect(keptBytes).toBe(0);
    expect(areDisposed.length).toBeGreaterThan(2);
    expect(areDisposed).toEqual(areDisposed.map(() => false));
    expect(leftTensors).toBe(areDisposed.length);
  });
});
