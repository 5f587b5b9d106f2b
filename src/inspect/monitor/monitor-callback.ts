import * as tf from '@tensorflow/tfjs';
import { type FoundLSTM, requireModelWithLSTM } from '../model/find-lstms.js';
import { modelData } from '../model/model-data.js';
import { type CellNorms, cellNorms } from '../weights/cell-norms.js';
import type { WeightNormsByGate } from '../weights/weight-norms-by-gate.js';
import { addRecord } from './bounded-records.js';
import { lossFinding } from './gradient-norm-findings.js';
import { GradientObserver } from './gradient-observer.js';
import type { MonitoredBatch, MonitorHistory, MonitorWarning } from './history-types.js';
import { layerNorm } from './layer-norm.js';
import { lookAtGates, type Seen } from './look-at-gates.js';
import { LossWatch } from './loss-watch.js';
import type { MonitorSettings } from './options.js';
import { finiteOrNull, type Measured, measuredFindings, monitoredLayer } from './report.js';
import { addWarnings, warningText } from './warning-log.js';

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

  constructor(private readonly settings: MonitorSettings) {
    super({});
    const { everyBatches } = settings;
    this.history = { everyBatches, keptEveryBatches: everyBatches, records: [], warnings: [] };
    // tfjs takes the methods out of an instance that stands behind a plain object: they then say what is wrong.
    this.onTrainBegin = this.onTrainBegin.bind(this);
  }

  override setModel(model: tf.LayersModel): void {
    if (this.model !== null && this.model !== model) {
      throw new Error(`${WHERE}: a monitor serves one model, '${this.model.name}'; make another for '${model.name}'`);
    }
    this.model = model;
  }

  override async onTrainBegin(): Promise<void> {
    const { model } = this;
    if (model === null) {
      throw new Error(`${WHERE}: all callbacks must be instances of tf.CustomCallback where one of them is a monitor`);
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
  }

  override async onTrainEnd(): Promise<void> {
    this.observer?.stop();
    await this.tell(await this.lossWarnings());
  }

  override async onEpochBegin(epoch: number): Promise<void> {
    this.epoch = epoch;
  }

  override async onBatchBegin(): Promise<void> {
    if (this.isDue()) this.observer?.observeNext();
  }

  override async onBatchEnd(batch: number, logs?: unknown): Promise<void> {
    const { loss = Number.NaN } = (logs as Logs) ?? {};
    const at = { epoch: this.epoch, batch, step: this.step };
    this.losses.add(loss, at);
    if (this.isDue()) await this.report(at, loss);
    this.step += 1;
    // Lets the page or the process breathe, as tfjs's own callbacks do.
    await super.onBatchEnd(batch, logs as never);
  }

  private isDue(): boolean {
    return this.step % this.settings.everyBatches === 0;
  }

  private async report(at: MonitoredBatch, loss: tf.Scalar | number): Promise<void> {
    const started = tf.util.now();
    const { thresholds, maxRecords, onReport } = this.settings;
    const lossValue = typeof loss === 'number' ? loss : ((await loss.data())[0] as number);
    const gradients = (await this.observer?.take()) ?? null;
    const measured = await this.measure(gradients);
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
    await this.tell(fresh);
    await onReport(record, fresh);
  }

  private async measure(gradients: CellNorms | null): Promise<Measured[]> {
    const { inputs, labels, thresholds } = this.settings;
    const { lstms } = this;
    const model = this.model as tf.LayersModel;
    const cells = lstms.map(({ lstmCell }) => lstmCell);
    const weights = (await cellNorms(cells, (weight) => weight)).cells as WeightNormsByGate[];
    const data = inputs && modelData(WHERE, model, inputs, labels);
    let seen: Seen[] | null = null;
    try {
      seen = data && (await lookAtGates(model, data, lstms, weights, thresholds));
    } finally {
      data?.dispose();
    }
    return lstms.map(({ layerName, direction, cell }, n) => ({
      place: { layerName, direction, cell },
      gradients: gradients?.cells[n] ?? null,
      weights: weights[n] as WeightNormsByGate,
      evidence: seen?.[n]?.evidence ?? null,
      flow: seen?.[n]?.flow ?? null,
      earlier: this.earlierNorms[n] as number[],
    }));
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
    const { onWarning = (warning: MonitorWarning) => console.warn(warningText(warning)) } = this.settings;
    for (const warning of warnings) await onWarning(warning);
  }
}
