import type * as tf from '@tensorflow/tfjs';
import type { KernelExports } from './module.js';
import { SEQUENCE_FIELDS, type SequenceField, type SequenceFields } from './sequence-fields.js';

/** An array that a function of the module writes. */
export interface Output {
  address: number;
  /** The array as a tensor. To be called once, after the function ran. */
  toTensor(): tf.Tensor;
}

/** The memory of one call into the module. */
export interface Heap {
  readonly exports: KernelExports;
  /** All of the memory. To be asked for anew after any other call, since memory that grew leaves old views empty. */
  view(): Uint32Array;
  /** Where a tensor's data are. */
  input(tensor: tf.Tensor): number;
  /** Memory for a float32 array. */
  output(shape: readonly number[]): Output;
  /** Memory until the call ends. */
  reserve(bytes: number): number;
  /** Ends the call. */
  release(): void;
}

const FIELDS_BYTES = 4 * SEQUENCE_FIELDS.length;

/** What the module can compute. */
export type ModuleFunction = Exclude<keyof KernelExports, `${string}ScratchBytes`>;

/**
 * Calls a function of the module.
 *
 * @param outputs Shapes of what it writes, by field.
 * @returns The outputs, by field.
 */
export function callOnHeap<Name extends SequenceField>(
  heap: Heap,
  name: ModuleFunction,
  fields: SequenceFields,
  outputs: Partial<Record<Name, readonly number[]>>,
): Record<Name, tf.Tensor> {
  const made = {} as Record<Name, Output>;
  const complete: SequenceFields = { ...fields };
  const names = Object.keys(outputs) as Name[];
  for (const field of names) {
    made[field] = heap.output(outputs[field] as readonly number[]);
    complete[field] = made[field].address;
  }
  execute(heap, name, complete);
  const tensors = {} as Record<Name, tf.Tensor>;
  for (const field of names) tensors[field] = made[field].toTensor();
  return tensors;
}

const SCRATCH_INDEX = SEQUENCE_FIELDS.indexOf('scratch');

function execute(heap: Heap, name: ModuleFunction, fields: SequenceFields): void {
  const sequence = heap.reserve(FIELDS_BYTES);
  const first = sequence / Uint32Array.BYTES_PER_ELEMENT;
  const view = heap.view();
  for (const [index, field] of SEQUENCE_FIELDS.entries()) view[first + index] = fields[field] ?? 0;
  // A signed number, as WebAssembly hands it over.
  const scratchBytes = heap.exports[`${name}ScratchBytes`](sequence) >>> 0;
  const scratch = heap.reserve(scratchBytes);
  heap.view()[first + SCRATCH_INDEX] = scratch;
  heap.exports[name](sequence);
}
