import * as tf from '@tensorflow/tfjs';

/** What an optimizer remembers of one variable. */
interface Slot {
  originalName: string;
  variable: tf.Variable;
}

/** The fields in which an optimizer keeps what it remembers. */
interface Memory {
  /** A list of slots each, empty before the first step. */
  slots: readonly string[];
  /** One variable each. */
  scalars: readonly string[];
}

const ITERATIONS = 'iterations_';

const MEMORIES: readonly (readonly [optimizerClass: unknown, Memory])[] = [
  [tf.SGDOptimizer, { slots: [], scalars: [] }],
  [tf.MomentumOptimizer, { slots: ['accumulations'], scalars: [] }],
  [
    tf.RMSPropOptimizer,
    { slots: ['accumulatedMeanSquares', 'accumulatedMoments', 'accumulatedMeanGrads'], scalars: [] },
  ],
  [
    tf.AdamOptimizer,
    { slots: ['accumulatedFirstMoment', 'accumulatedSecondMoment'], scalars: ['accBeta1', 'accBeta2'] },
  ],
  [
    tf.AdamaxOptimizer,
    { slots: ['accumulatedFirstMoment', 'accumulatedWeightedInfNorm'], scalars: ['iteration', 'accBeta1'] },
  ],
  [tf.AdadeltaOptimizer, { slots: ['accumulatedGrads', 'accumulatedUpdates'], scalars: [] }],
  [tf.AdagradOptimizer, { slots: ['accumulatedGrads'], scalars: [] }],
];

type Fields = Record<string, unknown>;

/**
 * Copies what an optimizer of tfjs remembers of its training to another one of the same class.
 *
 * `getWeights` and `setWeights` would be the documented way, but they are asynchronous, do not exist for Adamax, and
 * restore Adam's powers of beta from the iterations but roughly.
 *
 * @returns Whether that is done: not for another class of optimizer, nor where this version of tfjs keeps it elsewhere.
 */
export function copyOptimizerMemory(optimizer: tf.Optimizer, copy: tf.Optimizer): boolean {
  const memory = MEMORIES.find(([optimizerClass]) => optimizerClass === optimizer.constructor)?.[1];
  const from = optimizer as unknown as Fields;
  const to = copy as unknown as Fields;
  if (memory === undefined || !isAsExpected(from, memory) || !isAsExpected(to, memory)) return false;
  for (const name of memory.slots) to[name] = (from[name] as Slot[]).map(copySlot);
  for (const name of memory.scalars) (to[name] as tf.Variable).assign(from[name] as tf.Variable);
  to[ITERATIONS] = from[ITERATIONS];
  return true;
}

function isAsExpected(fields: Fields, { slots, scalars }: Memory): boolean {
  const iterations = fields[ITERATIONS];
  return (
    (iterations === undefined || typeof iterations === 'number') &&
    slots.every((name) => Array.isArray(fields[name]) && (fields[name] as unknown[]).every(isSlot)) &&
    scalars.every((name) => fields[name] instanceof tf.Variable)
  );
}

function isSlot(value: unknown): value is Slot {
  const { originalName, variable } = (value ?? {}) as Partial<Slot>;
  return typeof originalName === 'string' && variable instanceof tf.Variable;
}

function copySlot({ originalName, variable }: Slot): Slot {
  return { originalName, variable: tf.tidy(() => tf.variable(tf.clone(variable), false)) };
}

/**
 * Gives a new optimizer of tfjs what another one remembered.
 *
 * @param slots By tfjs's fields: the values of each variable, in the order in which it trains them. Other fields start empty.
 * @returns Whether that is done: not for a class or a version of tfjs of which it is not known how.
 */
export function setOptimizerMemory(
  optimizer: tf.Optimizer,
  slots: Readonly<Record<string, readonly Float32Array[]>>,
  variables: readonly tf.LayerVariable[],
  iterations: number,
): boolean {
  const memory = MEMORIES.find(([optimizerClass]) => optimizerClass === optimizer.constructor)?.[1];
  const fields = optimizer as unknown as Fields;
  if (memory === undefined || !isAsExpected(fields, memory) || !Number.isSafeInteger(iterations)) return false;
  for (const [name, values] of Object.entries(slots)) {
    if (!memory.slots.includes(name)) return false;
    fields[name] = variables.map(
      ({ shape, name: variable }, index): Slot => ({
        originalName: `${variable}/${name}`,
        variable: tf.tidy(() => tf.variable(tf.tensor(values[index] as Float32Array, shape as number[]), false)),
      }),
    );
  }
  // tfjs keeps powers of Adam's betas, one ahead of the steps done.
  const { beta1, beta2 } = fields as { beta1?: number; beta2?: number };
  const scalars: Record<string, number> = {
    accBeta1: (beta1 ?? 0) ** (iterations + 1),
    accBeta2: (beta2 ?? 0) ** (iterations + 1),
    iteration: iterations,
  };
  for (const name of memory.scalars) {
    tf.tidy(() => (fields[name] as tf.Variable).assign(tf.scalar(scalars[name] as number)));
  }
  fields[ITERATIONS] = iterations;
  return true;
}
