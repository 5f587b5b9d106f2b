import type * as tf from '@tensorflow/tfjs';
import type { MonitorHistory } from './history-types.js';
import { MonitorCallback } from './monitor-callback.js';
import { type GateMonitorOptions, monitorSettings } from './options.js';

/** A callback for `model.fit` and `model.fitDataset`, and what it has seen. */
export interface GateMonitor extends tf.CustomCallback {
  readonly history: MonitorHistory;
}

/**
 * Watches the LSTMs of a model, of this package or of tfjs, as it trains: what their gates do, how large gradients and
 * weights are by gate, and, given labels, how the gradient flows back through time. It warns, in words, when a gate goes
 * dead, when gradients vanish or explode, and when NaN appears: in which layer, gate and timestep, and at which batch.
 *
 * ```ts
 * const monitor = gateMonitor({ everyBatches: 20, inputs: someX, labels: someY });
 * await model.fit(x, y, { epochs: 5, callbacks: [monitor] });
 * console.log(describeFindings(monitor.history.warnings));
 * await writeFile('history.json', JSON.stringify(monitor.history));
 * ```
 *
 * Gradients are those of the training step itself, before any clipping, as the optimizer gets them; no second pass is
 * made for them. They are observed at the batches that are reported, and the optimizer is as it was in between, after
 * training, and after a training that throws.
 *
 * **Cost.** A batch without a report costs the reading of its loss. A report without `inputs` reads twelve numbers for
 * each LSTM's gradient and twelve for its weights, whose norms the device computes: measured, less than a hundredth of a
 * training step. With `inputs` it adds one prediction with all gates of these samples, and their statistics in
 * JavaScript, in proportion to samples × timesteps × units: about half a step, for as many samples as a batch has. With
 * `labels` it follows the gradient back through every timestep, which takes as long as three to seven steps. (32 samples,
 * 50 timesteps, 32 and 128 units, backends wasm and tensorflow, against steps on plain operations.) `milliseconds` in
 * each record tells how long it took; `everyBatches` sets how often, and fewer samples make it less.
 *
 * **Memory.** While a report is made, the traces of `inputs` (`traceBytes` tells their size). For good, at most `maxRecords`
 * records, whose size depends on neither units nor samples. When there are more, every second one is dropped, and records
 * are kept half as often from then on; `onReport` still gets all. There is one warning at most for each kind, layer and gate.
 *
 * A monitor never ends a training that would have run without it. Should it fail, be it for inputs that the model does not
 * take or for want of memory, it warns of that once ('monitor failed') and stands aside. What `onReport` and `onWarning`
 * throw does end the training: they are yours.
 *
 * Where labels are given, closed gates and fading gradients are warned of only as long as the model has not learnt; see
 * `diagnose`. A fading gradient and a short memory are so common at first that they are not warned of before the fourth report.
 *
 * The history goes on when the same monitor serves another `fit` of the same model.
 *
 * Where there are several callbacks, tfjs takes either instances or plain objects: write your own as
 * `new tf.CustomCallback({ onEpochEnd })` beside a monitor.
 *
 * @throws RangeError for an option that breaks its rule.
 */
export function gateMonitor(options: GateMonitorOptions = {}): GateMonitor {
  return new MonitorCallback(monitorSettings(options));
}
