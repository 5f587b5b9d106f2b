import * as tf from '@tensorflow/tfjs';
import type { Evidence } from '../diagnose/evidence.js';
import { lookAtLSTMs } from '../diagnose/look-at-lstms.js';
import { type FoundLSTM, requireModelWithLSTM } from '../model/find-lstms.js';
import { modelData } from '../model/model-data.js';
import { type CellNorms, cellNorms } from '../weights/cell-norms.js';
import type { WeightNormsByGate } from '../weights/weight-norms-by-gate.js';
import { failureFinding, lossFinding } from './gradient-norm-findings.js';
import { GradientObserver } from './gradient-observer.js';
import type { MonitoredBatch, MonitorHistory, MonitorRecord, MonitorWarning } from './history-types.js';
import { layerNorm } from './layer-norm.js';
import type { MonitorSettings } from './options.js';
import { finiteOrNull, type Measured, measuredFindings, monitoredLayer } from './report.js';
import { addWarnings } from './warning-log.js';

const WHERE = 'gateMonitor';
/** So many earlier reports say what a gradient usually is. */
const REMEMBERED_NORMS = 20;

type Logs = { loss?: tf.Scalar | number } | undefined;

/** See `gateMonitor`. */
export class MonitorCallback extends tf.CustomCallback {
  readonly history: MonitorHistory;
  private model: tf.LayersModel | null = null;
  private lstms: FoundLSTM[] = [];
  private observer: GradientObserver | null = null;
  private readonly losses = new LossWatch();
  /** Norms of the gradient of each LSTM at the last reports. */
  private earlierNorms: number[][] = [];
  private epoch = 0;
  private step = 0;
  private reports = 0;
  /** Why the monitor watches no more; null while it does. */
  private failure: { error: unknown; told: boolean } | null = null;

  constructor(private readonly settings: MonitorSettings) {
    super({});
    const { everyBatches } = settings;
    this.history = { everyBatches, keptEveryBatches: everyBatches, records: [], warnings: [] };
    // tfjs takes the methods out of an instance that stands behind a plain object, and calls them on another.
    this.onTrainBegin = this.onTrainBegin.bind(this);
    this.onTrainEnd = this.onTrainEnd.bind(this);
    this.onEpochBegin = this.onEpochBegin.bind(this);
    this.onEpochEnd = this.onEpochEnd.bind(this);
    this.onBatchBegin = this.onBatchBegin.bind(this);
    this.onBatchEnd = this.onBatchEnd.bind(this);
  }

  override setModel(model: tf.LayersModel): void {
    if (this.model !== null && this.model !== model) {
      const { name } = this.model;
      this.fail(new Error(`${WHERE}: a monitor watches one model, '${name}'; create another for '${model.name}'`));
      return;
    }
    this.model = model;
  }

  override async onTrainBegin(): Promise<void> {
    await this.guarded(async () => {
      const { model } = this;
      if (model === null) {
        throw new Error(`${WHERE}: all callbacks must be instances of tf.CustomCallback if one of them is a monitor`);
      }
      this.lstms = requireModelWithLSTM(WHERE, model);
      const { inputs, labels } = this.settings;
      if (inputs !== null) modelData(WHERE, model, inputs, labels).dispose();
      this.earlierNorms = this.lstms.map((_, n) => this.earlierNorms[n] ?? []);
      this.observer?.stop();
      this.observer = new GradientObserver(
        model,
        this.lstms.map(({ lstmCell }) => lstmCell),
      );
    });
    await this.tellOfFailure();
  }

  override async onTrainEnd(): Promise<void> {
    this.observer?.stop();
    await this.tell((await this.guarded(() => this.lossWarnings())) ?? []);
  }

  override async onEpochBegin(epoch: number): Promise<void> {
    this.epoch = epoch;
  }

  override async onBatchBegin(): Promise<void> {
    await this.guarded(async () => {
      if (this.isDue()) this.observer?.observeNext();
    });
  }

  override async onBatchEnd(batch: number, logs?: unknown): Promise<void> {
    const { loss = Number.NaN } = (logs as Logs) ?? {};
    const at = { epoch: this.epoch, batch, step: this.step };
    if (this.failure === null) this.losses.add(loss, at);
    const made = this.isDue() ? await this.guarded(() => this.makeReport(at, loss)) : null;
    if (made !== null) {
      // What the caller's own functions throw is the caller's.
      await this.tell(made.fresh);
      await this.settings.onReport(made.record, made.fresh);
    }
    await this.tellOfFailure();
    this.step += 1;
    // Lets the page or the process breathe, as tfjs's own callbacks do.
    await super.onBatchEnd(batch, logs as never);
  }

  /** What runs for the monitor alone: should it fail, the training must not. */
  private async guarded<Result>(run: () => Promise<Result>): Promise<Result | null> {
    if (this.failure !== null) return null;
    try {
      return await run();
    } catch (error) {
      this.fail(error);
      return null;
    }
  }

  private fail(error: unknown): void {
    this.observer?.stop();
    this.failure ??= { error, told: false };
  }

  private async tellOfFailure(): Promise<void> {
    if (this.failure === null || this.failure.told) return;
    this.failure.told = true;
    const at = { epoch: this.epoch, batch: 0, step: this.step };
    await this.tell(addWarnings(this.history.warnings, [failureFinding(this.failure.error)], at));
  }

  private isDue(): boolean {
    return this.step % this.settings.everyBatches === 0;
  }

  private async makeReport(at: MonitoredBatch, loss: tf.Scalar | number) {
    const started = tf.util.now();
    const { thresholds, maxRecords } = this.settings;
    const lossValue = typeof loss === 'number' ? loss : ((await loss.data())[0] as number);
    const gradients = (await this.observer?.take()) ?? null;
    const measured = await this.measure(gradients);
    this.reports += 1;
    const record = {
      ...at,
      loss: finiteOrNull(lossValue),
      gradientNorm: gradients && finiteOrNull(gradients.together),
      milliseconds: 0,
      layers: measured.map((layer) => monitoredLayer(layer, thresholds)),
    };
    const findings = measured.flatMap((layer) => measuredFindings(layer, thresholds));
    this.rememberNorms(measured);
    record.milliseconds = tf.util.now() - started;
    addRecord(this.history, record, maxRecords);
    const fresh = [...(await this.lossWarnings()), ...addWarnings(this.history.warnings, findings, at)];
    return { record, fresh };
  }

  private async measure(gradients: CellNorms | null): Promise<Measured[]> {
    const { lstms, reports } = this;
    const cells = lstms.map(({ lstmCell }) => lstmCell);
    const weights = (await cellNorms(cells, (weight) => weight)).cells as WeightNormsByGate[];
    const seen = await this.look(weights);
    return lstms.map(({ layerName, direction, cell }, n) => ({
      place: { layerName, direction, cell },
      gradients: gradients?.cells[n] ?? null,
      weights: weights[n] as WeightNormsByGate,
      evidence: seen[n] ?? null,
      earlier: this.earlierNorms[n] as number[],
      reports,
    }));
  }

  /** What each LSTM does over the inputs; nothing without them. */
  private async look(weightNorms: WeightNormsByGate[]): Promise<(Evidence | null)[]> {
    const { inputs, labels, thresholds } = this.settings;
    if (inputs === null) return [];
    const model = this.model as tf.LayersModel;
    const data = modelData(WHERE, model, inputs, labels);
    try {
      const backward = data.labels !== null;
      return await lookAtLSTMs(WHERE, model, data, this.lstms, { weightNorms, thresholds, backward, loss: null });
    } finally {
      data.dispose();
    }
  }

  private rememberNorms(measured: Measured[]): void {
    for (const [n, { gradients }] of measured.entries()) {
      const norm = gradients === null ? Number.NaN : layerNorm(gradients);
      if (!Number.isFinite(norm)) continue;
      this.earlierNorms[n] = [...(this.earlierNorms[n] as number[]), norm].slice(-REMEMBERED_NORMS);
    }
  }

  /** Warns, once, of the first batch whose loss is not finite. */
  private async lossWarnings(): Promise<MonitorWarning[]> {
    const at = await this.losses.firstNonFinite();
    if (at === null || this.history.warnings.some(({ kind }) => kind === 'non-finite loss')) return [];
    return addWarnings(this.history.warnings, [lossFinding()], at);
  }

  private async tell(warnings: MonitorWarning[]): Promise<void> {
    for (const warning of warnings) await this.settings.onWarning(warning);
  }
}

/** Finds the first batch whose loss is not finite, without waiting for the device at every batch. */
class LossWatch {
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
    // The error reaches whoever awaits the promise, but nobody has to.
    this.pending.catch(() => {});
  }

  /** The first batch so far; null if all were finite. */
  async firstNonFinite(): Promise<MonitoredBatch | null> {
    await this.pending;
    return this.first;
  }
}

/**
 * Adds a record to a history, unless it lies between two that are to be kept. Where there are more than the limit, every
 * second one is dropped and records are kept half as often from then on, so that they stay evenly spread over the whole
 * training.
 */
export function addRecord(history: MonitorHistory, record: MonitorRecord, maxRecords: number): void {
  if (record.step % history.keptEveryBatches !== 0) return;
  history.records.push(record);
  while (history.records.length > maxRecords) {
    history.keptEveryBatches *= 2;
    history.records = history.records.filter(({ step }) => step % history.keptEveryBatches === 0);
  }
}
