import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';

interface Encoded {
  shape: number[];
  dtype: 'float32' | 'bool';
  base64: string;
}

/** What PyTorch computed, as `fixtures/models/torch/export_torch.py` wrote it. */
interface TorchFixture {
  name: string;
  dtype?: string;
  x: Encoded;
  mask?: Encoded;
  outputs: { prefix: string; output: Encoded }[];
}

const FOLDER = join(__dirname, '../../../fixtures/models/torch');

export function torchFile(name: string): string {
  return join(FOLDER, `${name}.safetensors`);
}

export function torchFixtures(): TorchFixture[] {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  return names.map((name) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')));
}

export function decode({ shape, dtype, base64 }: Encoded): tf.Tensor {
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
  return dtype === 'bool' ? tf.tensor(bytes, shape, 'bool') : tf.tensor(new Float32Array(bytes.buffer), shape);
}
