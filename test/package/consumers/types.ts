import * as tf from '@tensorflow/tfjs';
import { type GateName, type GateTrace, type LSTM, type LSTMArgs, lstm, lstmCell } from 'explicit-lstm';
import { toBuiltIn, toExplicit } from 'explicit-lstm/convert';
import { type GateStatistics, gateStatistics, traceLayer } from 'explicit-lstm/inspect';
import { gateHeatmap, toSvg, type VegaLiteSpec } from 'explicit-lstm/plot';
import { inspectionReport } from 'explicit-lstm/report';
import { checkFixture, fixtureModel, loadFixture } from 'explicit-lstm/testing';
import { peepholeCell } from 'explicit-lstm/variants';
import 'explicit-lstm/testing/jest';

const args: LSTMArgs = { units: 2, returnSequences: true, inputShape: [3, 2] };
export const layer: LSTM = lstm(args);
export const variant: LSTM = lstm({ cell: peepholeCell({ units: 2, cellClip: 3 }), returnSequences: true });
export const trace: GateTrace = layer.trace(tf.ones([1, 3, 2]));
export const gates: Record<GateName, tf.Tensor> = lstmCell({ units: 2 }).step(tf.ones([1, 2]), [
  tf.zeros([1, 2]),
  tf.zeros([1, 2]),
]);
export const model: tf.LayersModel = toBuiltIn(toExplicit(tf.sequential({ layers: [layer] })));
export const statistics: Promise<GateStatistics> = gateStatistics(traceLayer(layer, tf.ones([1, 3, 2])));
export const picture: Promise<VegaLiteSpec> = gateHeatmap(trace, { sortUnits: 'activity', labels: ['a', 'b', 'c'] });
export const drawing: Promise<string> = picture.then(toSvg);
export const report: Promise<string> = inspectionReport({ model, inputs: tf.ones([1, 3, 2]) });
export const tools: ReadonlyArray<(...parameters: never[]) => unknown> = [checkFixture, fixtureModel, loadFixture];

export const matched = (expectation: jest.Matchers<void>): Promise<void> =>
  expectation.toBeAllClose([1], { atol: 1e-6 });

// A declaration that has lost its types would let this pass.
// @ts-expect-error units must be a number
lstm({ units: 'two' });
// @ts-expect-error there is no such order
gateHeatmap(trace, { sortUnits: 'size' });
// @ts-expect-error an activation is an object of tfjs, whichever way modules are resolved
export const activation: number = lstmCell({ units: 2 }).activation;
