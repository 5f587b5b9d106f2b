import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import type { CellFromTF1Options } from '../../../src/convert/index.js';

interface Encoded {
  shape: number[];
  base64: string;
}

/** What TensorFlow 1 computed, as `fixtures/models/tf1/export_tf1.py` wrote it. */
interface TF1Fixture {
  name: string;
  variables: [name: string, shape: number[]][];
  cells: { scope: string; options?: CellFromTF1Options; refused?: string }[];
  bothWays?: boolean;
  x: Encoded;
  output: Encoded;
}

const FOLDER = join(__dirname, '../../../fixtures/models/tf1');

/** The prefix of a checkpoint. */
export function checkpoint(name: string): string {
  return join(FOLDER, name);
}

export function tf1Fixtures(): TF1Fixture[] {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  return names.map((name) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')));
}

export function decode({ shape, base64 }: Encoded): tf.Tensor {
  return tf.tensor(new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer), shape);
}
