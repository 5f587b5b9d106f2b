import * as tf from '@tensorflow/tfjs';
import { tidy } from '../../core/tidy.js';
import { hasFusedKernels } from '../../fused/choose.js';
import type { BuiltInClass, BuiltInLSTM } from '../../host/built-in-classes.js';
import type { Kwargs } from '../../host/types.js';
import { chooseForSequence } from '../../sequence/run-sequence.js';
import { cellToRun, runForeign } from '../foreign-lstm.js';
import { readBuiltInCall } from './built-in-call.js';
import { noteImplementation, type Session } from './last-implementation.js';

type Tensors = tf.Tensor | tf.Tensor[];

/** Calls a built-in layer: on a fused kernel where one applies, else its own way. */
export function callAccelerated(
  builtIn: BuiltInClass,
  layer: BuiltInLSTM,
  inputs: Tensors,
  kwargs: Kwargs | null | undefined,
  callOriginal: () => Tensors,
  session: Session,
): Tensors {
  const callOwn = (reason: string | undefined) => {
    warnOfBackend();
    noteImplementation(layer, reason === undefined ? { name: 'built-in' } : { name: 'built-in', reason }, session);
    return callOriginal();
  };
  const sequence = readBuiltInCall(builtIn, layer, inputs, kwargs ?? {});
  if (typeof sequence === 'string') return callOwn(sequence);
  const isTraining = Boolean(kwargs?.training);
  const wanted = { where: 'LSTM.call', layer: layer.name, useFused: 'auto', isTraining, keepsGates: false } as const;
  const { fusedKernel, implementation } = chooseForSequence(cellToRun(layer.cell), sequence, wanted);
  if (fusedKernel === null) return callOwn(implementation.reason);
  noteImplementation(layer, implementation, session);
  return tidy(() => {
    // By a cast: what the built-in does, and what on the wasm backend rounds fractions.
    const mask = sequence.mask && (tf.cast(sequence.mask, 'bool') as tf.Tensor2D);
    return runForeign(fusedKernel, layer, { ...sequence, mask }, isTraining);
  });
}

let hasWarned = false;

/** Where there is nothing faster, users would see no difference and not learn why. Warns once. */
function warnOfBackend(): void {
  const backend = tf.getBackend();
  if (hasWarned || hasFusedKernels(backend)) return;
  hasWarned = true;
  console.warn(
    `accelerateBuiltIn: there is no fused kernel for the backend '${backend}', so tf.layers.lstm runs as before. ` +
      "To accelerate it: import '@tensorflow/tfjs-backend-wasm'; await tf.setBackend('wasm');",
  );
}
