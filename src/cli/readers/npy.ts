import { UserError } from '../user-error.js';

/** An array of numbers; a float32 holds them, as it will in the model. */
export interface NumberArray {
  shape: number[];
  values: Float32Array;
}

type Read = (view: DataView, at: number, littleEndian: boolean) => number;

const KINDS: Record<string, { bytes: number; read: Read }> = {
  b1: { bytes: 1, read: (view, at) => view.getUint8(at) },
  i1: { bytes: 1, read: (view, at) => view.getInt8(at) },
  u1: { bytes: 1, read: (view, at) => view.getUint8(at) },
  i2: { bytes: 2, read: (view, at, little) => view.getInt16(at, little) },
  u2: { bytes: 2, read: (view, at, little) => view.getUint16(at, little) },
  i4: { bytes: 4, read: (view, at, little) => view.getInt32(at, little) },
  u4: { bytes: 4, read: (view, at, little) => view.getUint32(at, little) },
  i8: { bytes: 8, read: (view, at, little) => Number(view.getBigInt64(at, little)) },
  u8: { bytes: 8, read: (view, at, little) => Number(view.getBigUint64(at, little)) },
  f4: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  f8: { bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
};

const MAGIC = '\u0093NUMPY';
// A Python literal with these keys; NumPy writes them in this order, others need not.
const DESCR = /'descr'\s*:\s*'([<>|=])([a-zA-Z]\d+)'/;
const FORTRAN_ORDER = /'fortran_order'\s*:\s*(True|False)/;
const SHAPE = /'shape'\s*:\s*\(([\d\s,L]*)\)/;

interface Header {
  shape: number[];
  kind: { bytes: number; read: Read };
  littleEndian: boolean;
  fortranOrder: boolean;
  dataStart: number;
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function readHeader(bytes: Uint8Array, fail: (rule: string) => Error): Header {
  const [magic, version] = [latin1(bytes.subarray(0, MAGIC.length)), bytes[MAGIC.length]];
  if (magic !== MAGIC || bytes.length < 12) throw fail('is not an .npy file');
  if (version !== 1 && version !== 2 && version !== 3) throw fail(`has version ${version} of the format, not 1 to 3`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > 65_535 || start + length > bytes.length) throw fail('has a header that does not end');
  const text = latin1(bytes.subarray(start, start + length));
  const [descr, order, sizes] = [DESCR, FORTRAN_ORDER, SHAPE].map((pattern) => pattern.exec(text));
  if (!descr || !order || !sizes) throw fail('has a header that is not NumPy’s, or holds records');
  const kind = KINDS[descr[2] as string];
  if (kind === undefined) throw fail(`holds '${descr[2]}': convert it, say by .astype('float32')`);
  return {
    shape: (sizes[1] as string)
      .split(',')
      .filter((size) => size.trim() !== '')
      .map((size) => Number.parseInt(size, 10)),
    kind,
    littleEndian: descr[1] !== '>',
    fortranOrder: order[1] === 'True',
    dataStart: start + length,
  };
}

/** Row-major values out of column-major ones. */
function fromFortranOrder(values: Float32Array, shape: readonly number[]): Float32Array {
  const index = shape.map(() => 0);
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, size) => product * size, 1));
  return values.map(() => {
    const at = index.reduce((sum, position, axis) => sum + position * (strides[axis] as number), 0);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = ((index[axis] as number) + 1) % (shape[axis] as number);
      if (index[axis] !== 0) break;
    }
    return values[at] as number;
  });
}

/**
 * Reads what `numpy.save` writes: booleans, integers, and floating-point numbers of 32 or 64 bits.
 * Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 *
 * @param path For the error.
 * @throws UserError for anything else, and for a file that is shorter or longer than its header says.
 */
export function parseNpy(bytes: Uint8Array, path: string): NumberArray {
  const fail = (rule: string) => new UserError(`'${path}' ${rule}`);
  const { shape, kind, littleEndian, fortranOrder, dataStart } = readHeader(bytes, fail);
  const elements = shape.reduce((product, size) => product * size, 1);
  const [expected, found] = [elements * kind.bytes, bytes.length - dataStart];
  if (expected !== found) {
    throw fail(`must hold ${expected} bytes of numbers, as its shape [${shape.join(', ')}] says, but holds ${found}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + dataStart, found);
  const values = new Float32Array(elements);
  for (let n = 0; n < elements; n++) values[n] = kind.read(view, n * kind.bytes, littleEndian);
  return { shape, values: fortranOrder ? fromFortranOrder(values, shape) : values };
}
