import * as tf from '@tensorflow/tfjs';

/**
 * How many scopes up the steps of a sequence share one: the cell's own tidy and the step's end with the step, as does
 * that of stacked cells; the next one lasts, stacked or not.
 */
const SCOPES_OF_A_STEP = 3;

let isRight: boolean | undefined;
/** What was kept by hand for the last sequence of each cell, where scopes are not as expected. */
const keptFor = new WeakMap<object, tf.Tensor[]>();

/**
 * Lets tensors that a cell made within a tidy, while `tf.layers.rnn` steps it, live until the sequence ends.
 *
 * Reliance: `engine().state.scopeStack`, and that tfjs runs a sequence, stacked cells, each step and a cell within scopes
 * of their own. Checked at first use, by two small layers whose cells look for their tensor at the second step. Fallback:
 * the tensors are kept until the cell's next sequence, as tfjs's own cells keep theirs.
 */
export function keepForSequence(cell: object, tensors: tf.Tensor[]): void {
  if (tensors.length === 0) return;
  isRight ??= areScopesAsExpected();
  if (isRight) {
    moveToSequenceScope(tensors);
    return;
  }
  tf.dispose(keptFor.get(cell) ?? []);
  keptFor.set(cell, tensors.map(tf.keep));
}

function moveToSequenceScope(tensors: tf.Tensor[]): void {
  const scopes = tf.engine().state?.scopeStack ?? [];
  const current = scopes[scopes.length - 1];
  const lasting = scopes[Math.max(0, scopes.length - 1 - SCOPES_OF_A_STEP)];
  if (!Array.isArray(lasting?.track) || !Array.isArray(current?.track) || lasting === current) return;
  current.track = current.track.filter((tensor) => !tensors.includes(tensor));
  lasting.track.push(...tensors);
}

/** A cell that makes a tensor at its first step, and looks for it at the second. */
class LookingCell extends tf.layers.RNNCell {
  static readonly className = 'ExplicitLSTMLookingCell';
  readonly stateSize = 1;
  private made: tf.Tensor | null = null;
  /** Whether the tensor was there at the second step. */
  found = false;

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor[] {
    return tf.tidy(() => {
      if (this.made === null) {
        this.made = tf.scalar(1);
        moveToSequenceScope([this.made]);
      } else this.found = !this.made.isDisposed;
      const output = tf.zerosLike((inputs as tf.Tensor[])[1] as tf.Tensor);
      return [output, output];
    });
  }

  /** Whether the tensor is gone after the sequence. */
  get isFreed(): boolean {
    return this.made?.isDisposed ?? false;
  }
}

function areScopesAsExpected(): boolean {
  try {
    return [1, 2].every((count) => {
      const cells = Array.from({ length: count }, (_, n) => new LookingCell({ name: `looking_${n}` }));
      const layer = tf.layers.rnn({ cell: count === 1 ? (cells[0] as LookingCell) : cells, name: 'looking' });
      tf.tidy(() => void layer.apply(tf.zeros([1, 2, 1])));
      return cells.every(({ found, isFreed }) => found && isFreed);
    });
  } catch {
    return false;
  }
}
