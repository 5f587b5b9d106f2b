import type { MonitorHistory, MonitorRecord } from './history-types.js';

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
