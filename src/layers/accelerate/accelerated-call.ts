import * as tf from '@tensorflow/tfjs';
import { tidy } from '../../core/tidy.js';
import { type Choice, hasFusedKernels } from '../../fused/choose.js';
import type { BuiltInCell, Kwargs } from '../../host/types.js';
import { chooseForSequence } from '../../sequence/run-sequence.js';
import { LSTM_CELL_BRAND } from '../brand.js';
import { type CellOnKernel, cellToRun, runForeign } from '../foreign-lstm.js';
import { hasKeptDropout } from '../kept-dropout.js';
import { type AnyCell, type BuiltInCall, type BuiltInClasses, readBuiltInCall } from './built-in-call.js';
import { noteImplementation, type Session } from './last-implementation.js';

type Tensors = tf.Tensor | tf.Tensor[];

/** Calls a built-in layer: on a fused kernel where one applies, else its own way. */
export function callAccelerated(
  classes: BuiltInClasses,
  layer: tf.layers.RNN,
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
  const call = readBuiltInCall(classes, layer, inputs, kwargs ?? {});
  if (typeof call === 'string') return callOwn(call);
  const isTraining = Boolean(kwargs?.training);
  const cells = chooseForCells(layer, call, isTraining);
  if (typeof cells === 'string') return callOwn(cells);
  const names = new Set(cells.map(({ fusedKernel }) => fusedKernel.name));
  noteImplementation(layer, { name: [...names].join(' and ') }, session);
  return tidy(() => {
    const { sequence } = call;
    // By a cast: what the built-in does, and what on the wasm backend rounds fractions.
    const mask = sequence.mask && (tf.cast(sequence.mask, 'bool') as tf.Tensor2D);
    return runForeign(layer, cells, { ...sequence, mask }, isTraining);
  });
}

type Fused = CellOnKernel & { fusedKernel: NonNullable<Choice['fusedKernel']> };

/** The fused kernels of a layer's cells, or why one of them has none. */
function chooseForCells(layer: tf.layers.RNN, { cells, sequence }: BuiltInCall, isTraining: boolean): Fused[] | string {
  const [batch, timesteps] = sequence.x.shape;
  let [, , features] = sequence.x.shape;
  const chosen: Fused[] = [];
  for (const cell of cells) {
    const run = cellToRun(cell);
    const { fusedKernel, implementation } = chooseForSequence(
      run,
      { x: { shape: [batch, timesteps, features] }, mask: sequence.mask },
      {
        where: 'LSTM.call',
        layer: layer.name,
        useFused: 'auto',
        isTraining: isTraining || dropsOutAlways(layer, cell),
        keepsGates: false,
      },
    );
    if (fusedKernel === null) return implementation.reason ?? '';
    chosen.push({ cell, fusedKernel });
    features = run.widthOf('h');
  }
  return chosen;
}

/** Outside `tf.layers.lstm` a tfjs cell keeps its dropout masks, and multiplies by them in inference too. */
function dropsOutAlways(layer: tf.layers.RNN, cell: AnyCell): boolean {
  return layer.constructor === tf.layers.RNN && !(LSTM_CELL_BRAND in cell) && hasKeptDropout(cell as BuiltInCell);
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
