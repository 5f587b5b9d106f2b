import type * as tf from '@tensorflow/tfjs';
import type { MonitoredBatch } from './history-types.js';

/** Finds the first batch whose loss is not finite, without waiting for the device at every batch. */
export class LossWatch {
  private first: MonitoredBatch | null = null;
  private pending: Promise<void> = Promise.resolve();

  add(loss: tf.Scalar | number, at: MonitoredBatch): void {
    const read = typeof loss === 'number' ? [loss] : loss.data();
    const earlier = this.pending;
    this.pending = (async () => {
      const [value] = await read;
      await earlier;
      if (!Number.isFinite(value)) this.first ??= at;
    })();
  }

  /** The first batch so far; null if all were finite. */
  async firstNonFinite(): Promise<MonitoredBatch | null> {
    await this.pending;
    return this.first;
  }
}
