import { accelerateBuiltIn } from '../../src/index.js';

/** Runs something while built-in LSTMs are accelerated. */
export function accelerated<Result>(run: () => Result): Result {
  const undo = accelerateBuiltIn();
  let result: Result;
  try {
    result = run();
  } catch (error) {
    undo();
    throw error;
  }
  if (result instanceof Promise) return result.finally(undo) as Result;
  undo();
  return result;
}
