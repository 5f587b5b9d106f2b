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
  const made = Object.entries(outputs).map(([field, shape]) => [field, heap.output(shape as number[])] as const);
  const addresses = Object.fromEntries(made.map(([field, { address }]) => [field, address]));
  execute(heap, name, { ...fields, ...addresses });
  const tensors = made.map(([field, output]) => [field, output.toTensor()]);
  return Object.fromEntries(tensors) as Record<Name, tf.Tensor>;
}

function execute(heap: Heap, name: ModuleFunction, fields: SequenceFields): void {
  const sequence = heap.reserve(FIELDS_BYTES);
  const write = (values: SequenceFields) => {
    const inOrder = SEQUENCE_FIELDS.map((field) => values[field] ?? 0);
    heap.view().set(inOrder, sequence / Uint32Array.BYTES_PER_ELEMENT);
  };
  write(fields);
  // A signed number, as WebAssembly hands it over.
  const scratchBytes = heap.exports[`${name}ScratchBytes`](sequence) >>> 0;
  write({ ...fields, scratch: heap.reserve(scratchBytes) });
  heap.exports[name](sequence);
}
