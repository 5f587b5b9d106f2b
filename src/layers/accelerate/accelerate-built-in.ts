import type * as tf from '@tensorflow/tfjs';
import { type BuiltInClass, builtInLSTMClass } from '../../host/built-in-classes.js';
import { warnOfOtherCopy } from '../../host/other-copy.js';
import { callAccelerated } from './accelerated-call.js';
import type { Session } from './last-implementation.js';

type Call = tf.layers.RNN['call'];

/** The replacement of the built-in's `call`, and how many callers have asked for it and not undone it. */
interface Acceleration {
  original: Call;
  replacement: Call;
  users: number;
  session: Session;
}

// On the replacement itself and by a name known everywhere, so that the ES module build and the CommonJS build do not
// accelerate on top of each other. The number is that of the contract: builds that differ in it must not share one.
const ACCELERATION = Symbol.for('explicit-lstm.acceleration2');

/**
 * Makes every built-in `tf.layers.lstm` run on the fused kernels from here on: new, loaded and already built layers, alone
 * or in any model, in inference and in training. Weights, arguments and saved JSON do not change, and the results are the
 * built-in's, quirks included (`dropoutFunc` is called four times and its first mask used, regularizers are ignored), with
 * these exceptions:
 *
 * - NaN or infinity at a masked step is ignored, where the built-in turns all later outputs into NaN;
 * - dropout masks and the states of earlier batches are disposed, where the built-in leaks them in training;
 * - gradients pass through a sequence of one timestep, where the built-in throws.
 *
 * Where no fused kernel applies, the built-in's own code runs, errors included: on backends without one (the
 * first call there says so once, with `console.warn`), on webgpu while the device is being checked, with activations that no fused kernel supports, for gradients of
 * gradients, for shapes that the built-in broadcasts, for classes derived from it, and while the flag
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
 */
export function accelerateBuiltIn(): () => void {
  warnOfOtherCopy('accelerateBuiltIn');
  const builtIn = builtInLSTMClass();
  const acceleration = accelerationOf(builtIn.prototype.call) ?? install(builtIn);
  acceleration.users += 1;
  let isUndone = false;
  return () => {
    if (isUndone) return;
    isUndone = true;
    acceleration.users -= 1;
    if (acceleration.users === 0) {
      acceleration.session.isOver = true;
      acceleration.session = { isOver: false };
    }
    // If somebody else has put a method of theirs on top, that stays, and what is below just passes calls on.
    const isOnTop = builtIn.prototype.call === acceleration.replacement;
    if (acceleration.users === 0 && isOnTop) builtIn.prototype.call = acceleration.original;
  };
}

/** Whether built-in layers run on the fused kernels at the moment, where these apply. */
export function isBuiltInAccelerated(): boolean {
  return (accelerationOf(builtInLSTMClass().prototype.call)?.users ?? 0) > 0;
}

function accelerationOf(call: Call & { [ACCELERATION]?: Acceleration }): Acceleration | undefined {
  return call[ACCELERATION];
}

function install(builtIn: BuiltInClass): Acceleration {
  const original = builtIn.prototype.call;
  const replacement: Call = function (this: InstanceType<BuiltInClass>, inputs, kwargs) {
    const callOriginal = () => original.call(this, inputs, kwargs);
    if (acceleration.users === 0) return callOriginal();
    return callAccelerated(builtIn, this, inputs, kwargs, callOriginal, acceleration.session);
  };
  const acceleration: Acceleration = { original, replacement, users: 0, session: { isOver: false } };
  builtIn.prototype.call = Object.assign(replacement, { [ACCELERATION]: acceleration });
  return acceleration;
}
