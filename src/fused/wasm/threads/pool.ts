import { type Build, instantiate, type ModuleExports, moduleOf } from '../module.js';
import {
  awaitChange,
  BELL,
  cancelMeetings,
  change,
  DONE,
  FAILED,
  FOLLOWED,
  FUNCTION,
  FUNCTIONS,
  IDLE,
  INSTANCE,
  MESSAGES,
  makeControl,
  meet,
  POSTED,
  placeOf,
  prepareMeetings,
  RUNNING,
  SEQUENCE,
  STATE,
} from './control.js';
import { isWaitTooLong, type MetCall, pauseAfter } from './pause.js';
import { startWorker, type ThreadWorker } from './workers.js';

/** A build in a memory that the workers have instances of, too. */
export interface SharedInstance {
  /** Of this thread. */
  exports: ModuleExports;
  /** Its place among the workers' instances. */
  index: number;
}

/** A worker that has not taken up its job after so long is asleep, or gone: its job is done here. */
const MOST_MILLISECONDS_TO_START = 50;
/** A worker that takes so much longer than this thread for as much work is gone. */
const LEAST_MILLISECONDS_TO_END = 1000;
const TIMES_AS_LONG = 10;
const MOST_MILLISECONDS_BETWEEN_MEETINGS = 2000;
const MOST_MILLISECONDS_TO_FOLLOW = 10_000;

/** Some workers, and this thread with them. */
export class WorkerPool {
  private readonly control: Int32Array;
  private readonly workers: ThreadWorker[] = [];
  private readonly instances = new Map<WebAssembly.Memory, Map<Build, SharedInstance>>();
  private instanceCount = 0;
  private failure: string | null = null;
  /** Of the call that is running: when it began, how many take part, how often threads are to meet in all, how often they have, and how long that took. */
  private start = 0;
  private parties = 0;
  private meetings = 0;
  private met = 0;
  private waited = 0;
  private noMeetingsBefore = 0;
  /** How many calls in a row made it later. */
  private pauses = 0;

  /**
   * @param count How many workers.
   * @param onLost Called once, when the pool is of no use any more.
   * @param script See `startWorker`.
   */
  constructor(
    count: number,
    private readonly onLost: (reason: string) => void,
    script: string | URL | null,
  ) {
    this.control = makeControl(count);
    try {
      for (let n = 0; n < count; n++) this.workers.push(startWorker((reason) => this.lose(reason), script));
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /** This thread included. */
  get threads(): number {
    return this.workers.length + 1;
  }

  /** Why it is of no use; null while it is. */
  get lost(): string | null {
    return this.failure;
  }

  /** Ends the workers. */
  end(): void {
    this.failure ??= 'ended';
    cancelMeetings(this.control);
    for (const worker of this.workers) worker.end();
  }

  private lose(reason: string): void {
    if (this.failure !== null) return;
    this.failure = reason;
    this.end();
    this.onLost(reason);
  }

  /** The instances of a build in a memory; made, on the workers in time, when they are first asked for. */
  open(build: Build, memory: WebAssembly.Memory): SharedInstance {
    const ofMemory = this.instances.get(memory) ?? new Map<Build, SharedInstance>();
    this.instances.set(memory, ofMemory);
    const known = ofMemory.get(build);
    if (known !== undefined) return known;
    const exports = instantiate(build, memory, () => this.meet());
    const opened = { exports, index: this.instanceCount++ };
    ofMemory.set(build, opened);
    for (const [n, worker] of this.workers.entries()) {
      worker.send({ control: this.control, worker: n, module: moduleOf(build, memory), memory });
      Atomics.add(this.control, placeOf(n) + MESSAGES, 1);
      change(this.control, placeOf(n) + BELL, 1);
    }
    return opened;
  }

  /** Whether threads may meet: not where others have just kept the cores busy. */
  get areMeetingsWorthIt(): boolean {
    return performance.now() >= this.noMeetingsBefore;
  }

  /** Whether the workers have this instance. */
  isReady({ index }: SharedInstance): boolean {
    return this.failure === null && this.workers.every((_, n) => this.followed(n) > index);
  }

  /** Waits until the workers have this instance. */
  async prepare(instance: SharedInstance): Promise<void> {
    const start = performance.now();
    while (!this.isReady(instance) && this.failure === null) {
      if (this.workers.some((_, n) => this.followed(n) < 0)) this.lose('they may not run WebAssembly');
      if (performance.now() - start > MOST_MILLISECONDS_TO_FOLLOW) this.lose('they do not answer');
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  private followed(worker: number): number {
    return Atomics.load(this.control, placeOf(worker) + FOLLOWED);
  }

  /**
   * Calls a function of the module for several sequences at once, the first of them on this thread.
   *
   * @param sequences Their addresses: at most one for each thread.
   * @param meetings How often they wait for each other, so that none of them can be left for later.
   * @returns False where it failed, and must be done otherwise.
   */
  run(
    { exports, index }: SharedInstance,
    name: (typeof FUNCTIONS)[number],
    sequences: readonly number[],
    meetings: number,
  ): boolean {
    prepareMeetings(this.control, sequences.length);
    this.start = performance.now();
    this.parties = sequences.length;
    this.meetings = meetings;
    this.met = 0;
    this.waited = 0;
    const job = FUNCTIONS.indexOf(name);
    for (let n = 1; n < sequences.length; n++) this.post(n - 1, job, index, sequences[n] as number);
    let isDone = true;
    try {
      exports[name](sequences[0] as number);
    } catch {
      cancelMeetings(this.control);
      isDone = false;
    }
    const call = this.metCall(performance.now());
    const patience = LEAST_MILLISECONDS_TO_END + TIMES_AS_LONG * call.computed;
    for (let n = 1; n < sequences.length; n++) {
      const state = placeOf(n - 1) + STATE;
      if (Atomics.compareExchange(this.control, state, POSTED, IDLE) === POSTED) {
        isDone = isDone && meetings === 0 && succeeds(() => exports[name](sequences[n] as number));
        continue;
      }
      if (!awaitChange(this.control, state, RUNNING, (waited) => waited > patience)) {
        this.lose('a worker has stopped');
        return false;
      }
      if (Atomics.exchange(this.control, state, IDLE) !== DONE) isDone = false;
    }
    if (meetings > 0) {
      const pause = pauseAfter(call, this.pauses);
      this.pauses = pause > 0 ? this.pauses + 1 : Math.max(0, this.pauses - 1);
      this.noMeetingsBefore = performance.now() + pause;
    }
    return isDone;
  }

  private post(worker: number, job: number, instance: number, sequence: number): void {
    const place = placeOf(worker);
    this.control[place + FUNCTION] = job;
    this.control[place + INSTANCE] = instance;
    this.control[place + SEQUENCE] = sequence;
    Atomics.store(this.control, place + STATE, POSTED);
    change(this.control, place + BELL, 1);
  }

  private meet(): void {
    const before = performance.now();
    try {
      meet(this.control, (waited) => this.isHopeless(waited));
    } finally {
      const now = performance.now();
      this.waited += now - before;
      this.met++;
      if (isWaitTooLong(this.metCall(now), this.met, this.meetings)) cancelMeetings(this.control);
    }
  }

  private metCall(now: number): MetCall {
    const { start, waited } = this;
    return { computed: now - start - waited, waited, threads: this.parties };
  }

  /** Whether this thread, at a meeting, waits in vain. */
  private isHopeless(waited: number): boolean {
    const states = this.workers.map((_, n) => Atomics.load(this.control, placeOf(n) + STATE));
    if (states.some((state) => state === FAILED)) return true;
    if (waited > MOST_MILLISECONDS_TO_START && states.some((state) => state === POSTED)) return true;
    return waited > MOST_MILLISECONDS_BETWEEN_MEETINGS;
  }
}

/** Whether it does not throw: others may still be at work, and are waited for first. */
function succeeds(run: () => void): boolean {
  try {
    run();
    return true;
  } catch {
    return false;
  }
}
