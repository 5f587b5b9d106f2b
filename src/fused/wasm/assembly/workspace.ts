import { CONSTANTS_BYTES, writeConstants } from './activations';
import { EDGE_BYTES } from './product';
import { reserve } from './scratch';
import { FLOAT } from './vectors';

/** What `activations.ts` reads. */
export let constants: usize = 0;
/** A tile that sticks out of a result. */
export let edge: usize = 0;
/** The left factor of a product, packed. */
export let slivers: usize = 0;
/** The left factor of a product, or the product, times a dropout mask. */
export let maskedRows: usize = 0;

/**
 * @param sliverFloats How many floats the largest left factor has.
 * @param maskedFloats How many floats are masked at once; 0 without dropout.
 */
export function layOutWorkspace(sliverFloats: usize, maskedFloats: usize): void {
  constants = reserve(CONSTANTS_BYTES);
  edge = reserve(EDGE_BYTES);
  slivers = reserve(sliverFloats * FLOAT);
  maskedRows = reserve(maskedFloats * FLOAT);
}

export function prepareWorkspace(): void {
  writeConstants(constants);
}
