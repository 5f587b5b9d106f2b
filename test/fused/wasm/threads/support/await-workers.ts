import { POSTED, placeOf, STATE } from '../../../../../src/fused/wasm/threads/control.js';
import { WorkerPool } from '../../../../../src/fused/wasm/threads/pool.js';

interface Waiting {
  readonly control: Int32Array;
  readonly workers: readonly unknown[];
  isHopeless(waited: number): boolean;
}

/** Until mocks are restored, threads wait for a worker to begin for as long as it takes: on a busy machine, longer than 50 ms. */
export function awaitWorkers(): void {
  const pool = WorkerPool.prototype as unknown as Waiting;
  const { isHopeless } = pool;
  jest.spyOn(pool, 'isHopeless').mockImplementation(function (this: Waiting, waited) {
    const isLate = this.workers.some((_, n) => Atomics.load(this.control, placeOf(n) + STATE) === POSTED);
    return !isLate && isHopeless.call(this, waited);
  });
}
