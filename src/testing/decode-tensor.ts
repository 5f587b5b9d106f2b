import type { Field } from './fields.js';
import type { FixtureMask, FixtureTensor, NamedFixtureTensor } from './fixture.js';

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

// atob is the one decoder that browsers and Node share.
function decodeBase64(field: Field, expectedBytes: number): Uint8Array {
  const text = field.string();
  const expectedLength = 4 * Math.ceil(expectedBytes / 3);
  if (text.length !== expectedLength || !BASE64.test(text)) {
    throw field.fail(`base64 of ${expectedBytes} bytes, ${expectedLength} characters`);
  }
  const binary = atob(text);
  if (binary.length !== expectedBytes) throw field.fail(`base64 of ${expectedBytes} bytes`);
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** How many elements a tensor of a shape has. */
export function sizeOf(shape: number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A float32 tensor of any shape. */
export function readTensor(field: Field): FixtureTensor {
  const shape = field.at('shape').shape();
  field.at('dtype').oneOf(['float32']);
  const bytes = decodeBase64(field.at('base64'), 4 * sizeOf(shape));
  const view = new DataView(bytes.buffer);
  const values = Float32Array.from({ length: sizeOf(shape) }, (_, index) => view.getFloat32(4 * index, true));
  return { shape, values };
}

/** A float32 tensor whose shape is known; `letters` names the sizes in the error, such as `[B, T, D]`. */
export function readTensorOfShape(field: Field, expected: number[], letters: string): FixtureTensor {
  const tensor = readTensor(field);
  requireShape(field, tensor.shape, expected, letters);
  return tensor;
}

/** The tensors that must be there, by name, in order. */
export function readNamedTensors(field: Field, expected: { name: string; shape: number[] }[]): NamedFixtureTensor[] {
  const items = field.items();
  const names = expected.map(({ name }) => name);
  if (items.length !== expected.length) throw field.fail(`the ${names.length} tensors [${names.join(', ')}]`);
  return items.map((item, index) => {
    const { name, shape } = expected[index] as { name: string; shape: number[] };
    item.at('name').oneOf([name]);
    return { name, ...readTensorOfShape(item, shape, name) };
  });
}

/** A bool mask [B, T]. */
export function readMask(field: Field, expected: number[]): FixtureMask {
  const shape = field.at('shape').shape();
  requireShape(field, shape, expected, '[B, T]');
  field.at('dtype').oneOf(['bool']);
  const values = decodeBase64(field.at('base64'), sizeOf(shape));
  if (values.some((value) => value > 1)) throw field.at('base64').fail('bytes of 0 or 1');
  return { shape, values };
}

function requireShape(field: Field, received: number[], expected: number[], letters: string): void {
  if (received.length !== expected.length || received.some((size, axis) => size !== expected[axis])) {
    throw field.at('shape').fail(`${letters} = [${expected.join(', ')}]`);
  }
}
