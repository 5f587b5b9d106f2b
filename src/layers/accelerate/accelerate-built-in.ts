import * as tf from '@tensorflow/tfjs';
import { builtInLSTMClass } from '../../host/built-in-classes.js';
import { warnOfOtherCopy } from '../../host/other-copy.js';
import type { BuiltInCell } from '../../host/types.js';
import { callAccelerated } from './accelerated-call.js';
import { stepAccelerated } from './accelerated-step.js';
import { builtInClasses } from './built-in-call.js';
import type { Session } from './last-implementation.js';

type Call = tf.layers.RNN['call'];

/** A method of a class of tfjs, and what stands in its place. */
interface Replaced {
  prototype: { call: Call };
  original: Call;
  replacement: Call;
}

/** The replaced methods, and how many callers have asked for them and not undone it. */
interface Acceleration {
  replaced: Replaced[];
  users: number;
  session: Session;
}

// On the replacement of the LSTM's call and by a name known everywhere, so that the ES module build and the CommonJS build
// do not accelerate on top of each other. The number is that of the contract: builds that differ in it must not share one.
const ACCELERATION = Symbol.for('explicit-lstm.acceleration3');

/**
 * Makes every built-in `tf.layers.lstm` run on the fused kernels from here on, and every `tf.layers.rnn` over LSTM cells, of
 * tfjs or of this package, one or stacked: new, loaded and already built layers, alone or in any model, in inference and in
 * training. A stack runs one cell after the other, each over the whole sequence. `tf.layers.lstmCell` called by hand takes its
 * steps on a fused kernel too. Weights, arguments and saved JSON do not change, and the results are the
 * built-in's, quirks included (`dropoutFunc` is called four times and its first mask used, regularizers are ignored), with
 * these exceptions:
 *
 * - NaN or infinity at a masked step is ignored, where the built-in turns all later outputs into NaN;
 * - dropout masks and the states of earlier batches are disposed, where the built-in leaks them in training;
 * - gradients pass through a sequence of one timestep, where the built-in throws.
 *
 * Where no fused kernel applies, the built-in's own code runs, errors included: on backends without one (the
 * first call there says so once, with `console.warn`), on webgpu while the device is being checked, with activations that no fused kernel supports, for gradients of
 * gradients, for shapes that the built-in broadcasts, for classes derived from it, for stacks with a cell of another kind
 * (a GRU's), whose LSTM cells then run step by step, and while the flag
 * `EXPLICIT_LSTM_USE_FUSED` is false. `lastImplementation` says what a layer ran on.
 *
 * ```ts
 * accelerateBuiltIn();
 * const model = await tf.loadLayersModel('file://model.json');
 * await model.fit(x, y);
 * ```
 *
 * Only layers of the copy of @tensorflow/tfjs that this package imports are accelerated. If the application has loaded
 * another copy, this function says so once, with `console.warn`.
 *
 * @returns A function that undoes it, and may be called more than once. Calls may be nested, and undone in any order: the
 *   last undo restores the method that the built-in had before the first call.
 * @throws Nothing.
 * @category Speed
 */
export function accelerateBuiltIn(): () => void {
  warnOfOtherCopy('accelerateBuiltIn');
  const acceleration = accelerationOf(builtInLSTMClass().prototype.call) ?? install();
  acceleration.users += 1;
  let isUndone = false;
  return () => {
    if (isUndone) return;
    isUndone = true;
    acceleration.users -= 1;
    if (acceleration.users > 0) return;
    acceleration.session.isOver = true;
    acceleration.session = { isOver: false };
    for (const { prototype, original, replacement } of acceleration.replaced) {
      // If somebody else has put a method of theirs on top, that stays, and what is below just passes calls on.
      if (prototype.call === replacement) prototype.call = original;
    }
  };
}

/** Whether built-in layers run on the fused kernels at the moment, where these apply. */
export function isBuiltInAccelerated(): boolean {
  return (accelerationOf(builtInLSTMClass().prototype.call)?.users ?? 0) > 0;
}

function accelerationOf(call: Call & { [ACCELERATION]?: Acceleration }): Acceleration | undefined {
  return call[ACCELERATION];
}

function install(): Acceleration {
  const classes = builtInClasses();
  const { lstm, cell } = classes;
  const acceleration: Acceleration = { replaced: [], users: 0, session: { isOver: false } };
  /** An LSTM's own code is to be as it was, down to the steps of its cell. */
  let ownRuns = 0;

  const replacementFor = (accelerates: (layer: tf.layers.RNN) => boolean, original: Call): Call =>
    function (this: tf.layers.RNN, inputs, kwargs) {
      const callOriginal = () => original.call(this, inputs, kwargs);
      if (acceleration.users === 0 || !accelerates(this)) return callOriginal();
      const callOwn = () => {
        if (this.constructor === tf.layers.RNN) return callOriginal();
        ownRuns += 1;
        try {
          return callOriginal();
        } finally {
          ownRuns -= 1;
        }
      };
      return callAccelerated(classes, this, inputs, kwargs, callOwn, acceleration.session);
    };
  const replace = (prototype: Replaced['prototype'], replacement: Call) => {
    acceleration.replaced.push({ prototype, original: prototype.call, replacement });
    prototype.call = replacement;
  };

  const ofLSTM = replacementFor(() => true, lstm.prototype.call);
  replace(lstm.prototype, Object.assign(ofLSTM, { [ACCELERATION]: acceleration }));
  // The layers of other classes, such as a GRU, call it too.
  const isItself = (layer: tf.layers.RNN) => layer.constructor === tf.layers.RNN;
  replace(tf.layers.RNN.prototype, replacementFor(isItself, tf.layers.RNN.prototype.call));
  const ofCell = cell.prototype.call;
  replace(cell.prototype, function (this: BuiltInCell, inputs, kwargs) {
    const step = acceleration.users === 0 || ownRuns > 0 ? null : stepAccelerated(classes, this, inputs, kwargs);
    return step ?? ofCell.call(this, inputs, kwargs);
  } as Call);
  return acceleration;
}
