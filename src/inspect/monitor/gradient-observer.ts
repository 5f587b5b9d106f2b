import type * as tf from '@tensorflow/tfjs';
import { hookMethod } from '../../host/hook-method.js';
import type { LSTMLike } from '../../layers/foreign-lstm.js';
import { type CellNorms, cellNorms } from '../weights/cell-norms.js';

type Gradients = tf.NamedTensorMap | { name: string; tensor: tf.Tensor | null }[];

/**
 * Looks at the gradients of single training steps, as the optimizer gets them: those of the running training, not of a
 * second pass. tfjs's training calls `optimizer.minimize`, which hands them to `applyGradients`.
 *
 * The optimizer is hooked for one step at a time, and the hook takes itself off before the step is computed, so that it
 * is gone also after a step that throws.
 */
export class GradientObserver {
  private unhook: () => void = () => {};
  private norms: Promise<CellNorms> | null = null;

  constructor(
    private readonly model: tf.LayersModel,
    private readonly cells: LSTMLike['cell'][],
  ) {}

  /** Has the next training step observed, and no other. */
  observeNext(): void {
    this.stop();
    const { optimizer } = this.model;
    this.unhook = hookMethod(optimizer, 'minimize', (minimize) => (...args) => {
      this.takeOff();
      const restore = hookMethod(optimizer, 'applyGradients', (apply) => (gradients) => {
        this.observe(gradients);
        return apply(gradients);
      });
      try {
        return minimize(...args);
      } finally {
        restore();
      }
    });
  }

  /** Norms of the gradients of the observed step; null if there was none. */
  async take(): Promise<CellNorms | null> {
    const { norms } = this;
    this.norms = null;
    return await norms;
  }

  /** Has nothing observed any more, and forgets what was not taken. */
  stop(): void {
    this.takeOff();
    this.norms = null;
  }

  private takeOff(): void {
    this.unhook();
    this.unhook = () => {};
  }

  private observe(gradients: Gradients): void {
    const named = Array.isArray(gradients)
      ? gradients
      : Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));
    const byName = new Map(named.map(({ name, tensor }) => [name, tensor]));
    const all = named.map(({ tensor }) => tensor).filter((tensor) => tensor != null);
    this.norms = cellNorms(this.cells, ({ name }) => byName.get(name) ?? null, all);
    // The error reaches whoever reads the norms; it must not reach the training step.
    this.norms.catch(() => {});
  }
}
