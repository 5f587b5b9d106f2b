// How threads tell each other what there is to do: words that all of them see, beside the memory that they compute in.

/** Words of all threads: how many have arrived at the meeting, its number, how many are to come, and whether it is off. */
const ARRIVED = 0;
const MEETING = 1;
const PARTIES = 2;
const CANCELLED = 3;
/** How many threads are asleep, so that nobody is woken in vain. */
const SLEEPING = 4;

/** Words of each worker, by `placeOf`: 64 bytes, so that no two of them share a cache line. */
const WORDS = 16;
/** Changes when there is something to do. */
export const BELL = 0;
/** Of its job. */
export const STATE = 1;
/** Which function of which instance is to be called, and where the sequence is. */
export const FUNCTION = 2;
export const INSTANCE = 3;
export const SEQUENCE = 4;
/** How many messages it was sent, and how many it has followed; -1 where it could not. */
export const MESSAGES = 5;
export const FOLLOWED = 6;

/** States of a job. Whoever turns POSTED into RUNNING does it, which may be who posted it. */
export const IDLE = 0;
export const POSTED = 1;
export const RUNNING = 2;
export const DONE = 3;
export const FAILED = 4;

/** The functions of the module, as jobs name them. */
export const FUNCTIONS = [
  'forward',
  'backward',
  'kernelGradient',
  'recurrentKernelGradient',
  'biasGradient',
  'inputGradient',
  'peepholeGradient',
  'projectionGradient',
] as const;

/** What a worker is sent: one more instance of the module to make. */
export interface Message {
  control: Int32Array;
  worker: number;
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
}

export function makeControl(workers: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT * WORDS * (workers + 1)));
}

/** Where the words of a worker begin. */
export function placeOf(worker: number): number {
  return WORDS * (worker + 1);
}

/** To be called while no thread is at a meeting. */
export function prepareMeetings(control: Int32Array, parties: number): void {
  Atomics.store(control, ARRIVED, 0);
  Atomics.store(control, CANCELLED, 0);
  Atomics.store(control, PARTIES, parties);
}

/** Ends the meetings: all that wait for one, or come later, throw. */
export function cancelMeetings(control: Int32Array): void {
  Atomics.store(control, CANCELLED, 1);
  change(control, MEETING, 1);
}

/**
 * Returns when all parties have called it as often.
 *
 * @param isHopeless Asked now and then, with the milliseconds waited.
 * @throws Error where the meetings are cancelled, or are now because it is hopeless.
 */
export function meet(control: Int32Array, isHopeless: (waited: number) => boolean): void {
  const meeting = Atomics.load(control, MEETING);
  if (Atomics.load(control, CANCELLED) === 0) {
    if (Atomics.add(control, ARRIVED, 1) + 1 === Atomics.load(control, PARTIES)) {
      Atomics.store(control, ARRIVED, 0);
      change(control, MEETING, 1);
      return;
    }
    if (!awaitChange(control, MEETING, meeting, isHopeless)) cancelMeetings(control);
  }
  if (Atomics.load(control, CANCELLED) !== 0) throw new Error('the other threads do not come');
}

/** Adds to a word, and wakes whoever waits for that. */
export function change(control: Int32Array, word: number, by: number): void {
  Atomics.add(control, word, by);
  wake(control, word);
}

/** Sets a word, and wakes whoever waits for that. */
export function set(control: Int32Array, word: number, value: number): void {
  Atomics.store(control, word, value);
  wake(control, word);
}

function wake(control: Int32Array, word: number): void {
  if (Atomics.load(control, SLEEPING) > 0) Atomics.notify(control, word);
}

/** Some 50 µs: to sleep and be woken takes as long. */
const SPINS = 25_000;
const MILLISECONDS_OF_SLEEP = 20;
/** Some 2 ms, as between the calls of a training step: a call that must wake a worker takes 0.1 to 0.3 ms longer. */
const IDLE_SPINS = 500_000;
const MILLISECONDS_OF_IDLE_SLEEP = 10_000;

/**
 * Waits until a word has not this value any more.
 *
 * @param isHopeless Asked now and then, with the milliseconds waited.
 * @returns False where it was.
 */
export function awaitChange(
  control: Int32Array,
  word: number,
  value: number,
  isHopeless: (waited: number) => boolean,
): boolean {
  for (let n = 0; n < SPINS; n++) if (Atomics.load(control, word) !== value) return true;
  let waited = 0;
  let before = performance.now();
  while (Atomics.load(control, word) === value) {
    sleep(control, word, value, MILLISECONDS_OF_SLEEP);
    const now = performance.now();
    // What is longer was no waiting: the process was stopped, and all of its threads with it.
    waited += Math.min(now - before, 2 * MILLISECONDS_OF_SLEEP);
    before = now;
    if (isHopeless(waited)) return false;
  }
  return true;
}

/** The same where there may be nothing to do for long. Only on threads that may sleep. */
export function idle(control: Int32Array, word: number, value: number): void {
  for (let n = 0; n < IDLE_SPINS; n++) if (Atomics.load(control, word) !== value) return;
  sleep(control, word, value, MILLISECONDS_OF_IDLE_SLEEP);
}

let isSleepAllowed = true;

function sleep(control: Int32Array, word: number, value: number, milliseconds: number): void {
  if (!isSleepAllowed) return;
  Atomics.add(control, SLEEPING, 1);
  try {
    Atomics.wait(control, word, value, milliseconds);
  } catch {
    // The main thread of a page may not sleep.
    isSleepAllowed = false;
  } finally {
    Atomics.sub(control, SLEEPING, 1);
  }
}
