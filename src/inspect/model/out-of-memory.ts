import { isOutOfMemory } from '../../host/out-of-memory.js';

/**
 * Thrown when memory ran out on the backend. Everything computed until then is lost; on wasm, the backend may be unusable.
 *
 * ```ts
 * try {
 *   gradientFlowModel(model, x, y).forEach(({ flow }) => flow.dispose());
 * } catch (error) {
 *   if (error instanceof OutOfMemoryError) console.log(`${error.bytes} bytes are too many here`);
 *   else throw error;
 * }
 * ```
 *
 * @category Out of memory
 */
export class OutOfMemoryError extends Error {
  override readonly name = 'OutOfMemoryError';

  /** @param bytes An upper estimate of the memory needed, in bytes; 0 if it is not known. */
  constructor(
    where: string,
    readonly bytes: number,
    cause: unknown,
  ) {
    const amount = bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`;
    const told = bytes === 0 ? '' : `; this takes at most about ${amount}, on top of what the model itself takes`;
    const advice = 'pass fewer samples, or only a part of each sequence';
    super(`${where}: memory ran out${told}: ${advice}. tfjs's wasm backend must be restarted after that`, {
      cause,
    });
  }
}

/**
 * Runs something that may take much memory.
 *
 * @param bytesOf How much, about.
 * @throws OutOfMemoryError where memory ran out; else what `run` throws.
 */
export function tellingOutOfMemory<Result>(where: string, bytesOf: () => number, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    if (!isOutOfMemory(error) || (error as Error).name === 'OutOfMemoryError') throw error;
    throw new OutOfMemoryError(where, bytesOf(), error);
  }
}
