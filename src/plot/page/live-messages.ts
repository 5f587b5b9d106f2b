import type { ReportOutput } from './report-data.js';

/** What a live report asks the page around it, which has the model. */
export interface LiveRequest {
  /** Of the layer. */
  title: string;
  /** Index of the sample. */
  sample: number;
  quantity: string;
  /** Indices in the layer. */
  units: number[];
  /** What these units' quantity is held at, at every step. */
  value: number;
}

/** What it is answered. */
export type LiveAnswer =
  | { problem: string }
  | {
      request: LiveRequest;
      /** Of the one sample. */
      outputs: ReportOutput[];
      /** Mean of |output with the edit - output|, over all elements of all outputs of the sample. */
      meanChange: number;
      /** Of the sample; null where it is not known. */
      lossBefore: number | null;
      lossAfter: number | null;
    };
