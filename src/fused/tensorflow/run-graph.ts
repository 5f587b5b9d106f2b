import * as tf from '@tensorflow/tfjs';
import { tidy } from '../../core/tidy.js';
import { TAG } from './graph.js';
import { nativeBackend, type OpInput } from './native-ops.js';
import type { StepKind } from './step-graphs.js';

/** What runs the graphs that a function writes, of each kind, on each backend object. */
const sessions = new WeakMap<tf.KernelBackend, Map<(kind: StepKind) => Uint8Array, Map<string, number>>>();

/**
 * Runs a part of a graph. The first run of each takes some 15 milliseconds longer, and that of the first of all another 50, as
 * TensorFlow optimizes it.
 *
 * @param write Writes the graph of a kind, which is then kept.
 * @param inputs What the part is given, by the names of its inputs.
 * @param outputs The names of what is wanted.
 */
export function runGraph(
  write: (kind: StepKind) => Uint8Array,
  kind: StepKind,
  part: string,
  inputs: Readonly<Record<string, OpInput>>,
  outputs: readonly string[],
): tf.Tensor[] {
  const backend = nativeBackend();
  const session = sessionOf(backend, write, kind);
  const place = (end: string) => `${part}/${end}:0`;
  const places = Object.keys(inputs).map((input) => ({ name: place(input) }));
  return backend.runSavedModel(session, Object.values(inputs), places, outputs.map(place));
}

function sessionOf(backend: tf.KernelBackend, write: (kind: StepKind) => Uint8Array, kind: StepKind): number {
  const ofBackend = sessions.get(backend) ?? new Map();
  sessions.set(backend, ofBackend);
  const ofKinds: Map<string, number> = ofBackend.get(write) ?? new Map();
  ofBackend.set(write, ofKinds);
  const name = JSON.stringify(kind);
  const session = ofKinds.get(name) ?? load(write(kind));
  ofKinds.set(name, session);
  return session;
}

/** TensorFlow reads a graph from a file; it has a file system in memory. */
function load(bytes: Uint8Array): number {
  const backend = nativeBackend();
  return tidy(() => {
    const folder = newFolder();
    const given = [tf.scalar(`${folder}/${FILE}`, 'string'), tf.scalar(bytes as unknown as string, 'string')];
    backend.executeMultipleOutputs('WriteFile', [], given, 0);
    return backend.loadSavedModelMetaGraph(folder, TAG);
  });
}

const FILE = 'saved_model.pb';

/**
 * One that no other copy of this package has written to, nor another thread is about to: in memory, what is written to a file is
 * added to what is there.
 */
function newFolder(): string {
  const pattern = tf.scalar(`ram://explicit-lstm-*/${FILE}`, 'string');
  const [files] = nativeBackend().executeMultipleOutputs('MatchingFiles', [], [pattern], 1) as [tf.Tensor];
  return `ram://explicit-lstm-${files.size}-${Math.random()}`;
}
