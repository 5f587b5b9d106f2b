import * as tf from '@tensorflow/tfjs';
import { GATE_SEQUENCE_NAMES, type GateSequences, type ScanResult } from '../../core/scan.js';
import { tidy } from '../../core/tidy.js';
import { builtInLSTMClass, isBuiltInLSTM } from '../../host/built-in-classes.js';
import type { Kwargs } from '../../host/types.js';
import { readBuiltInCall } from '../../layers/accelerate/built-in-call.js';
import { cellToRun, isExplicitLSTM, type LSTMLike, runForeign } from '../../layers/foreign-lstm.js';
import type { Sequences } from '../../layers/trace.js';
import { observe } from '../../sequence/observe.js';
import { chooseForSequence } from '../../sequence/run-sequence.js';
import type { Sequence } from '../../sequence/sequence.js';
import type { LSTMCall } from './lstm-call.js';

type Tensors = tf.Tensor | tf.Tensor[];

/** How a layer is called. */
export interface LayerCall {
  inputs: Tensors;
  kwargs: Kwargs;
  /** Whether somebody has put another `call` on the layer. */
  isReplaced: boolean;
}

/** While units are chosen, all of them are held. Of what would take more, they are chosen step by step in another run. */
const MOST_BYTES_TO_CHOOSE_FROM = 2 ** 24;

/**
 * Runs a call of a layer over one LSTM cell, and keeps what the run itself computes, where that is all that a trace is
 * made of. A built-in layer is run in the place of its own code where its outputs are then the same.
 *
 * @param call Gets the sequences; it has none afterwards where it must be run once more for a trace.
 * @param units The units that are kept; undefined for all.
 */
export function runKeepingSequences(
  call: LSTMCall,
  units: readonly number[] | undefined,
  layerCall: LayerCall,
  run: () => Tensors,
): Tensors {
  if (!tellsAll(call, units)) return run();
  const layer = call.layer as LSTMLike;
  const [given] = [layerCall.inputs].flat();
  const all: Sequences[] = [];
  const end = observe(call.lstmCell, {
    keepsGates: true,
    afterSequence: ({ x }, result) => {
      // A class of somebody's own may run another sequence than it was given.
      if (x === given) all.push(keptSequences(result, units));
    },
  });
  try {
    const sequence = sequenceToTakeOver(layer, layerCall);
    return sequence === null ? run() : runTakenOver(layer, sequence);
  } finally {
    end();
    const [only, ...others] = all;
    if (others.length === 0) call.sequences = only ?? null;
    else for (const one of all) tf.dispose(Object.values(one));
  }
}

/** At masked steps an explicit layer may output 0 instead of h, and NaNs go another way in a built-in one's own code. */
function tellsAll({ layer, x, mask, lstmCell }: LSTMCall, units: readonly number[] | undefined): boolean {
  if (mask !== null && (!isExplicitLSTM(layer) || layer.zeroOutputForMask)) return false;
  const [batch, timesteps] = x.shape;
  const bytes = 4 * (GATE_SEQUENCE_NAMES.length + 1) * batch * timesteps * lstmCell.units;
  return units === undefined || bytes <= MOST_BYTES_TO_CHOOSE_FROM;
}

/** Copies that no scope disposes. */
function keptSequences({ outputs, gates }: ScanResult, units: readonly number[] | undefined): Sequences {
  return tidy(() => {
    const { i, f, g, o, c } = gates as GateSequences;
    const h = outputs as tf.Tensor3D;
    const indices = units && tf.tensor1d([...units], 'int32');
    const copy = (steps: tf.Tensor3D) => (indices === undefined ? tf.clone(steps) : tf.gather(steps, indices, 2));
    const copies = { i: copy(i), f: copy(f), g: copy(g), o: copy(o), c: copy(c), h: copy(h) };
    for (const copied of Object.values(copies)) tf.keep(copied);
    return copies;
  });
}

/** The sequence of a built-in layer's call, if the layer's own code need not run it; else null. */
function sequenceToTakeOver(layer: LSTMLike, { inputs, kwargs, isReplaced }: LayerCall): Sequence | null {
  if (isReplaced || !isBuiltInLSTM(layer)) return null;
  const sequence = readBuiltInCall(builtInLSTMClass(), layer, inputs, kwargs);
  if (typeof sequence === 'string') return null;
  // What it makes of integers is its own affair.
  return [sequence.x, ...(sequence.states ?? [])].every(({ dtype }) => dtype === 'float32') ? sequence : null;
}

function runTakenOver(layer: LSTMLike, sequence: Sequence): Tensors {
  const wanted = {
    where: 'LSTM.call',
    layer: layer.name,
    useFused: 'auto',
    isTraining: false,
    keepsGates: true,
  } as const;
  const { fusedKernel } = chooseForSequence(cellToRun(layer.cell), sequence, wanted);
  return runForeign(fusedKernel, layer, sequence, false);
}
