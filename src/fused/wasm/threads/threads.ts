import * as tf from '@tensorflow/tfjs';
import { openWasmMemory } from '../../../host/wasm-memory.js';
import { FIELD } from '../binaries.js';
import {
  executeHere,
  type Heap,
  type ModuleFunction,
  type Output,
  panelsIn,
  SharedHeap,
  type Size,
  type Threads,
  ThreadsLost,
} from '../heap.js';
import type { KeptPanels } from '../kept-panels.js';
import { type Build, isSharedMemory, type ModuleExports } from '../module.js';
import { Arena } from './arena.js';
import { type SharedInstance, WorkerPool } from './pool.js';
import { isWorthSplitting, PANEL_COLUMNS, type Split, split } from './split.js';

/** What a call may take of the threads' memory; a larger one runs on one thread, without copies where there need be none. */
const MOST_BYTES = 2 ** 30;

/** Runs calls of the module on several threads. */
export class WasmThreads implements Threads {
  private readonly pool: WorkerPool;
  private arena: Arena | null = null;

  /**
   * @param count Threads, this one included.
   * @param onLost Called when they are of no use any more.
   * @param script See `startWorker`.
   */
  constructor(count: number, onLost: (reason: string) => void, script: string | URL | null = null) {
    this.pool = new WorkerPool(count - 1, onLost, script);
  }

  get count(): number {
    return this.pool.threads;
  }

  /** Waits until a build can run on the current backend. */
  async prepare(build: Build): Promise<void> {
    await this.pool.prepare(this.pool.open(build, this.memory()));
  }

  end(): void {
    this.pool.end();
  }

  openHeap(build: Build, size: Size): Heap | null {
    if (this.pool.lost !== null || !isWorthSplitting(size, this.pool.areMeetingsWorthIt)) return null;
    const wasm = openSharedMemory();
    if (wasm === null && (bytesOf(size) > MOST_BYTES || !this.ownArena().hasRoomFor(bytesOf(size)))) return null;
    const instance = this.pool.open(build, this.memory());
    if (!this.pool.isReady(instance)) return null;
    const { exports } = instance;
    const place =
      wasm === null ? this.ownArena() : new SharedHeap({ wasm, exports, keptPanels: panelsIn(tf.backend(), wasm) });
    // Panels of all units are those of each thread's, too, where no gate begins within one.
    const keptPanels = size.units % PANEL_COLUMNS === 0 ? place.keptPanels : undefined;
    return new ThreadedHeap(place, this.memory(), instance, this.pool, keptPanels);
  }

  /** That of tfjs's wasm backend where it has threads itself; else an own one. */
  private memory(): WebAssembly.Memory {
    return openSharedMemory()?.memory ?? this.ownArena().memory;
  }

  private ownArena(): Arena {
    this.arena ??= new Arena();
    return this.arena;
  }
}

function openSharedMemory() {
  const wasm = tf.getBackend() === 'wasm' ? openWasmMemory(tf.backend()) : null;
  return wasm !== null && isSharedMemory(wasm.memory) ? wasm : null;
}

/** About what a training step copies and writes. */
function bytesOf({ batch, timesteps, features, units }: Size): number {
  return 4 * (batch * timesteps * (2 * features + 16 * units) + 3 * (features + units) * 4 * units);
}

/** What `SharedHeap` and `Arena` have in common. */
type Place = Pick<Heap, 'keptPanels' | 'input' | 'output' | 'reserve' | 'release'>;

/** One call on several threads, in a memory that they share. */
class ThreadedHeap implements Heap {
  readonly exports: ModuleExports;
  private isAbandoned = false;
  readonly input: (tensor: tf.Tensor) => number;
  /** All that it writes. */
  private readonly outputs: Output[] = [];
  readonly reserve: (bytes: number) => number;

  constructor(
    private readonly place: Place,
    private readonly memory: WebAssembly.Memory,
    private readonly instance: SharedInstance,
    private readonly pool: WorkerPool,
    readonly keptPanels: KeptPanels | undefined,
  ) {
    this.exports = instance.exports;
    this.input = (tensor) => place.input(tensor);
    this.reserve = (bytes) => place.reserve(bytes);
  }

  view(): Uint32Array {
    return new Uint32Array(this.memory.buffer);
  }

  output(shape: number[]): Output {
    const output = this.place.output(shape);
    this.outputs.push(output);
    return output;
  }

  run(name: ModuleFunction, fields: Uint32Array): void {
    const divided = split(name, fields, this.pool.threads, this.pool.areMeetingsWorthIt);
    const isDone = divided !== null && this.pool.run(this.instance, name, this.write(name, divided), divided.meetings);
    if (isDone) return;
    if (divided !== null && this.pool.lost !== null) throw this.abandon();
    executeHere(this, name, fields);
  }

  /**
   * A worker that does not answer may be stalled, and go on at any time: to be told to end does not stop it at once, and a page is
   * not told when it has. So all that it may write to is never used again.
   */
  private abandon(): ThreadsLost {
    this.isAbandoned = true;
    if (!(this.place instanceof Arena)) {
      for (const output of this.outputs) tf.keep(output.toTensor());
      this.keptPanels?.abandonCall();
    }
    return new ThreadsLost('a thread was lost');
  }

  private write(name: ModuleFunction, { sequences }: Split): number[] {
    return sequences.map((fields) => {
      const sequence = this.reserve(fields.byteLength);
      this.view().set(fields, sequence / 4);
      const scratchBytes = this.exports[`${name}ScratchBytes`](sequence) >>> 0;
      const scratch = this.reserve(scratchBytes);
      this.view()[sequence / 4 + FIELD.scratch] = scratch;
      return sequence;
    });
  }

  release(): void {
    if (!this.isAbandoned) this.place.release();
  }
}
