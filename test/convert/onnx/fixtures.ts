import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';

const FOLDER = join(__dirname, '../../../fixtures/models/onnx');

interface Encoded {
  shape: number[];
  base64: string;
}

/** What a node's layer is to compute, or, without a path, all layers one after the other. */
export interface ExpectedNode {
  path: string | null;
  x: Encoded;
  y: Encoded;
  mask?: Encoded;
  initialState?: [Encoded, Encoded];
  states?: [Encoded, Encoded];
}

export interface OnnxFixture {
  name: string;
  file: string;
  nodes: ExpectedNode[];
}

export function onnxFixtures(): OnnxFixture[] {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  return names.map((name) => {
    const { nodes } = JSON.parse(readFileSync(join(FOLDER, name), 'utf8'));
    return { name: name.slice(0, -'.json'.length), file: join(FOLDER, name.replace('.json', '.onnx')), nodes };
  });
}

export function onnxFile(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(FOLDER, `${name}.onnx`)));
}

export function decode({ shape, base64 }: Encoded): tf.Tensor {
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
  return tf.tensor(new Float32Array(bytes.buffer), shape);
}
