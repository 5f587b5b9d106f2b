import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { lstm } from '../../../src/index.js';
import { randomizeWeights } from '../../support/random.js';

/** Writes a model as tfjs-node's `model.save('file://…')` does. */
export async function saveModel(model: tf.LayersModel, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const handler = tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData, trainingConfig }) => {
    const weightsManifest = [{ paths: ['./weights.bin'], weights: weightSpecs }];
    const document = {
      format: 'layers-model',
      generatedBy: 'a test',
      convertedBy: null,
      modelTopology,
      weightsManifest,
      trainingConfig,
    };
    writeFileSync(join(folder, 'model.json'), JSON.stringify(document));
    writeFileSync(join(folder, 'weights.bin'), new Uint8Array(weightData as ArrayBuffer));
    return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' as const } };
  });
  await model.save(handler, { includeOptimizer: true });
}

/** A model of a built-in LSTM, a nested model with a bidirectional explicit one, and a dense layer, with random weights. */
export function someModel(): tf.LayersModel {
  const encoder = tf.sequential({ name: 'encoder' });
  const inner = lstm({ units: 2, returnSequences: true, useBias: false }) as unknown as tf.RNN;
  encoder.add(
    tf.layers.bidirectional({ layer: inner as never, name: 'both', mergeMode: 'concat', inputShape: [null, 5] }),
  );
  const model = tf.sequential({
    name: 'reader',
    layers: [
      tf.layers.lstm({ units: 5, returnSequences: true, inputShape: [6, 4], name: 'lower' }),
      encoder,
      tf.layers.lstm({ units: 3, name: 'upper', recurrentActivation: 'sigmoid' }),
      tf.layers.dense({ units: 2, activation: 'softmax', name: 'answer' }),
    ],
  });
  randomizeWeights(model, 5);
  return model;
}
