import type * as tf from '@tensorflow/tfjs';
import type { MonitorHistory } from './history-types.js';
import { MonitorCallback } from './monitor-callback.js';
import { type GateMonitorOptions, monitorSettings } from './options.js';

/** A callback for `model.fit` and `model.fitDataset`, with what it has recorded. */
export interface GateMonitor extends tf.CustomCallback {
  readonly history: MonitorHistory;
}

/**
 * Watches the LSTMs of a model, of this package or of tfjs, as it trains: what their gates do, how large gradients and
 * weights are by gate and, given labels, how the gradient flows back through time. It warns, in words, when a gate goes
 * dead, when gradients vanish or explode, and when NaN appears, and names the layer, gate, timestep and batch.
 *
 * ```ts
 * const monitor = gateMonitor({ everyBatches: 20, inputs: someX, labels: someY });
 * await model.fit(x, y, { epochs: 5, callbacks: [monitor] });
 * console.log(describeFindings(monitor.history.warnings));
 * await writeFile('history.json', JSON.stringify(monitor.history));
 * ```
 *
 * The gradients are those of the training step itself, as the optimizer gets them, before any clipping; there is no second
 * pass for them. They are observed only at the batches that are reported. Between reports, after training, and after
 * training that throws, the optimizer is as before.
 *
 * **Cost.** A batch without a report costs the reading of its loss. A report without `inputs` reads twelve numbers for each
 * LSTM's gradient and twelve for its weights, whose norms are computed on the backend: measured at less than a hundredth
 * of a training step. With `inputs`, it adds one prediction that keeps all gates of these samples, and their statistics
 * in JavaScript, proportional to samples × timesteps × units: about half a step for a batch of samples. With `labels`, it
 * follows the gradient back through every timestep, which takes as long as three to seven steps. (32 samples, 50
 * timesteps, 32 and 128 units, backends wasm and tensorflow, compared with steps on plain ops.) `milliseconds` in each
 * record says how long it took. To spend less, raise `everyBatches` or pass fewer samples.
 *
 * **Memory.** While a report is made, it holds the traces of `inputs` (see `traceBytes`). Permanently, it holds at most
 * `maxRecords` records, whose size depends on neither units nor samples. If there are more, every second one is dropped,
 * and records are kept half as often from then on; `onReport` still gets all of them. There is at most one warning for
 * each kind, layer and gate.
 *
 * A monitor never ends training that would have run without it. If it fails, because the model does not accept its inputs
 * or memory runs out, it warns of that once ('monitor failed') and stops watching. If your own `onReport` or `onWarning`
 * throws, training does end.
 *
 * With labels, it warns of closed gates and fading gradients only as long as the model has not learnt; see `diagnose`.
 * Fading gradients and short memories are so common at the start that it does not warn of them before the fourth report.
 *
 * If the same monitor is used for another `fit` of the same model, its history continues.
 *
 * tfjs accepts callbacks either as instances or as plain objects, not both: to use others beside a monitor, write them as
 * `new tf.CustomCallback({ onEpochEnd })`.
 *
 * @throws RangeError for an option that breaks its rule.
 * @category While a model trains
 */
export function gateMonitor(options: GateMonitorOptions = {}): GateMonitor {
  return new MonitorCallback(monitorSettings(options));
}
