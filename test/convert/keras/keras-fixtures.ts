import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as tf from '@tensorflow/tfjs';

const ROOT = join(__dirname, '../../../fixtures/models/keras');

interface StoredTensor {
  shape: number[];
  dtype: 'float32' | 'int32';
  values: (number | null)[];
}

/** A model that some Keras saved, and what it computes there. */
export interface KerasFixture {
  /** Of the folder and the document: `keras-3.15.1/sequential`. */
  id: string;
  /** The files that all hold the model. */
  files: string[];
  tolerance: number;
  calls: { resetStates: boolean; inputs: StoredTensor[]; outputs: StoredTensor[] }[];
}

/** All fixtures of some folders, or of all versions of Keras. */
export function kerasFixtures(isWanted = (folder: string) => folder.startsWith('keras-')): KerasFixture[] {
  return readdirSync(ROOT)
    .filter(isWanted)
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder))
        .filter((file) => file.endsWith('.json'))
        .map((file) => {
          const document = JSON.parse(readFileSync(join(ROOT, folder, file), 'utf8').replaceAll('NaN', 'null'));
          const files = document.files.map((name: string) => `${folder}/${name}`);
          const id = `${folder}/${document.name}`;
          return { id, files, tolerance: document.tolerance ?? 1e-5, calls: document.calls };
        }),
    );
}

/** The bytes of a fixture's file, or the path of one whose neighbours belong to it. */
export function kerasFile(name: string): Uint8Array | string {
  const path = join(ROOT, name);
  return existsSync(path) ? path : new Uint8Array(gunzipSync(readFileSync(`${path}.gz`)));
}

/** How far what a model computes is from what Keras computed, at most. */
export function deviation(model: tf.LayersModel, { calls }: KerasFixture): number {
  let worst = 0;
  for (const { resetStates, inputs, outputs } of calls) {
    if (resetStates) model.resetStates();
    tf.tidy(() => {
      const x = inputs.map(({ values, shape, dtype }) => tf.tensor(values as number[], shape, dtype));
      const y = [model.predictOnBatch(x.length === 1 ? (x[0] as tf.Tensor) : x)].flat();
      expect(y.map(({ shape }) => shape)).toEqual(outputs.map(({ shape }) => shape));
      for (const [index, { values }] of outputs.entries()) {
        const computed = (y[index] as tf.Tensor).dataSync();
        for (const [n, value] of values.entries()) {
          if (value === null) continue;
          const distance = Math.abs((computed[n] as number) - value) / Math.max(1, Math.abs(value));
          worst = Math.max(worst, Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance);
        }
      }
    });
  }
  return worst;
}
