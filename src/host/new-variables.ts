import * as tf from '@tensorflow/tfjs';

/**
 * Runs `build`; when it throws, disposes every variable made meanwhile, also by layers that are not at hand: tfjs lists
 * its variables by name. Where it does not, they are left to the caller's `cleanUp`.
 */
export function withoutRemains<Result>(build: () => Result, cleanUp: () => void): Result {
  const before = new Set(variables());
  try {
    return build();
  } catch (error) {
    cleanUp();
    for (const variable of variables()) if (!before.has(variable)) variable.dispose();
    throw error;
  }
}

function variables(): tf.Variable[] {
  return Object.values(tf.engine().registeredVariables ?? {});
}
