import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as tf from '@tensorflow/tfjs';

const ROOT = join(__dirname, '../../fixtures/models');

export interface ModelTensor {
  shape: number[];
  dtype: 'float32' | 'int32';
  values: number[];
}

/** A model of another framework: its files, and what it computes; see fixtures/README.md. */
export interface ModelFixture {
  /** The folder in fixtures/models, `keras/keras-3.15.1`. */
  folder: string;
  name: string;
  producer: { package: string; version: string };
  /** Whole models, each of which computes `calls`. */
  files: string[];
  /** Files of weights only. */
  weights: string[];
  /** How close outputs come that were not computed in float32. */
  tolerance?: number;
  calls: { resetStates: boolean; inputs: ModelTensor[]; outputs: ModelTensor[] }[];
}

/** All models in the folders of `framework`, `keras`. */
export function modelFixtures(framework: string): ModelFixture[] {
  return readdirSync(join(ROOT, framework), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => {
      const folder = join(framework, name);
      const documents = readdirSync(join(ROOT, folder)).filter((file) => file.endsWith('.json'));
      return documents.map((file) => ({ folder, ...JSON.parse(readFileSync(join(ROOT, folder, file), 'utf8')) }));
    })
    .filter(({ format }) => format === 'explicit-lstm-model');
}

/** Where a file is that is stored as it is, `model.json`. */
export function modelPath(folder: string, file: string): string {
  return join(ROOT, folder, file);
}

/** The bytes of a file that is stored gzipped, as the framework wrote it. */
export function modelFile(folder: string, file: string): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(join(ROOT, folder, `${file}.gz`))));
}

export function tensorOf({ shape, dtype, values }: ModelTensor): tf.Tensor {
  return tf.tensor(values, shape, dtype);
}

/** A layer of this package that stands for one of Keras's, and what that computes. */
export interface LayerFixture {
  className: string;
  config: Record<string, unknown>;
  /** What Keras was asked for, in words. */
  keras: string;
  inputs: ModelTensor[];
  mask?: ModelTensor;
  weights?: ModelTensor[];
  output: ModelTensor;
  cotangent: ModelTensor;
  /** To the inputs, of the sum of output * cotangent. */
  gradients: ModelTensor[];
}

export function layerFixtures(): LayerFixture[] {
  return JSON.parse(readFileSync(join(ROOT, 'keras/layers.json'), 'utf8')).cases;
}

/** A model that was compiled and trained, and the losses of the next steps on the same batch. */
export interface TrainedModelFixture {
  folder: string;
  name: string;
  files: string[];
  inputs: ModelTensor[];
  labels: ModelTensor[];
  losses: number[];
}

export function trainedModelFixtures(): TrainedModelFixture[] {
  return readdirSync(join(ROOT, 'keras'))
    .filter((folder) => folder.startsWith('training-'))
    .flatMap((name) => {
      const folder = join('keras', name);
      const documents = readdirSync(join(ROOT, folder)).filter((file) => file.endsWith('.json'));
      return documents.map((file) => ({ folder, ...JSON.parse(readFileSync(join(ROOT, folder, file), 'utf8')) }));
    });
}

/** Models of Keras that must be refused, and words that the error must hold. */
export function refusedModels(): { file: string; words: string[] }[] {
  return JSON.parse(readFileSync(join(ROOT, 'keras/refused/refused.json'), 'utf8')).models;
}
