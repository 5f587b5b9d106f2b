import type * as tf from '@tensorflow/tfjs';
import { type BuiltInClass, builtInLSTMClass } from '../../host/built-in-classes.js';
import { warnOfOtherCopy } from '../../host/other-copy.js';
import { callAccelerated } from './accelerated-call.js';
import type { Session } from './last-implementation.js';

type Call = tf.layers.RNN['call'];

/** What stands in for the built-in's `call`, and for how many of those who asked for it. */
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
 * Lets every built-in `tf.layers.lstm` run on the fused kernels from here on: new, loaded and already built ones, alone
 * or in any model, in inference and in training. Weights, arguments and saved JSON are untouched, and the results are
 * the built-in's, quirks included (`dropoutFunc` is called four times and its first mask used, regularizers stay
 * ignored), except that
 *
 * - a NaN or an infinity at a masked step is passed over, where the built-in's own arithmetic turns all later outputs
 *   into NaN;
 * - no dropout masks and no states of earlier batches are kept, where the built-in leaks them in training;
 * - gradients pass through a sequence of one timestep, where the built-in's throw.
 *
 * Where no fused kernel applies, the built-in's own code runs, its errors included: on the backends webgl and webgpu (the
 * first call there says so, once, by `console.warn`), with activations that no fused kernel knows, for gradients of
 * gradients, for shapes that it broadcasts, for classes derived from it, and while the flag `EXPLICIT_LSTM_USE_FUSED` is
 * false. `lastImplementation` tells what a layer ran on.
 *
 * ```ts
 * accelerateBuiltIn();
 * const model = await tf.loadLayersModel('file://model.json');
 * await model.fit(x, y);
 * ```
 *
 * It reaches the layers of the @tensorflow/tfjs that this package imports. Where it sees that the application has another
 * copy, it says so once, by `console.warn`.
 *
 * @returns The undo, which can be called more than once. Calls may be nested, and undone in any order: with the last
 *   undo the built-in has the very method back that it had before the first call.
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
