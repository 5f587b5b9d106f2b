import * as tf from '@tensorflow/tfjs';
import type { FusedInputs } from '../fused-kernel.js';
import { KeptPanels, type LastingMemory } from '../wasm/kept-panels.js';
import type { OpInput } from './native-ops.js';

/** What was made of weights, and of which besides the recurrent kernel, for which activation. */
interface Kept extends OpInput {
  kernel: tf.DataId;
  bias: tf.DataId | undefined;
  recurrentActivation: string;
}

/** Data of the backend that tfjs does not count among its tensors; their addresses are numbers that say nothing. */
class KeptData implements LastingMemory {
  readonly at = new Map<number, Kept>();
  private last = 0;

  constructor(private readonly backend: tf.KernelBackend) {}

  allocate(): number {
    // Such as are at the beginning of a cache line.
    this.last += 64;
    return this.last;
  }

  free(address: number): void {
    const kept = this.at.get(address);
    if (kept !== undefined) this.backend.disposeData(kept.dataId, true);
    this.at.delete(address);
  }

  write(address: number, values: tf.Tensor, of: Omit<Kept, 'dataId'>): Kept {
    this.free(address);
    const kept = { ...of, dataId: this.backend.write(values.dataSync(), values.shape, values.dtype) as tf.DataId };
    this.at.set(address, kept);
    return kept;
  }
}

const keptIn = new WeakMap<tf.KernelBackend, { data: KeptData; panels: KeptPanels }>();

/**
 * What is computed of weights, from one call to the next: as long, and as much, as the module keeps its panels.
 *
 * @param compute Of the recurrent kernel, the kernel and the bias, for one recurrent activation.
 */
export function keptWeights(
  { kernel, recurrentKernel, bias }: FusedInputs,
  recurrentActivation: string,
  compute: () => tf.Tensor,
): OpInput {
  const backend = tf.backend();
  let kept = keptIn.get(backend);
  if (kept === undefined) {
    const data = new KeptData(backend);
    kept = { data, panels: new KeptPanels(data) };
    keptIn.set(backend, kept);
  }
  const { data, panels } = kept;
  panels.beginCall();
  const place = panels.want(recurrentKernel, (rows, columns) => 4 * columns * (rows + kernel.shape[0] + 1));
  if (place === null) return compute();
  const of = { kernel: kernel.dataId, bias: bias?.dataId, recurrentActivation };
  const known = data.at.get(place.address);
  const isOfThese =
    known?.kernel === of.kernel && known.bias === of.bias && known.recurrentActivation === recurrentActivation;
  if (known !== undefined && isOfThese) return known;
  try {
    const written = data.write(place.address, compute(), of);
    place.isPacked = true;
    return written;
  } finally {
    panels.endCall();
  }
}
