import { type ByteSource, type FirstRows, rowSize } from './byte-source.js';
import { FileError } from './file-error.js';
import { float16Number } from './stored-numbers.js';

type Read = (view: DataView, at: number, littleEndian: boolean) => number;

interface Kind {
  bytes: number;
  read: Read;
}

const KINDS: Readonly<Record<string, Kind>> = {
  b1: { bytes: 1, read: (view, at) => view.getUint8(at) },
  i1: { bytes: 1, read: (view, at) => view.getInt8(at) },
  u1: { bytes: 1, read: (view, at) => view.getUint8(at) },
  i2: { bytes: 2, read: (view, at, little) => view.getInt16(at, little) },
  u2: { bytes: 2, read: (view, at, little) => view.getUint16(at, little) },
  i4: { bytes: 4, read: (view, at, little) => view.getInt32(at, little) },
  u4: { bytes: 4, read: (view, at, little) => view.getUint32(at, little) },
  i8: { bytes: 8, read: (view, at, little) => Number(view.getBigInt64(at, little)) },
  u8: { bytes: 8, read: (view, at, little) => Number(view.getBigUint64(at, little)) },
  f2: { bytes: 2, read: (view, at, little) => float16Number(view.getUint16(at, little)) },
  f4: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  f8: { bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
};

const MAGIC = '\u0093NUMPY';
const LONGEST_HEADER = 65_535;
// A Python literal with these keys; NumPy writes them in this order, others need not.
const DESCR = /'descr'\s*:\s*'([<>|=])([a-zA-Z]\d+)'/;
const FORTRAN_ORDER = /'fortran_order'\s*:\s*(True|False)/;
const SHAPE = /'shape'\s*:\s*\(([\d\s,L]*)\)/;

interface Header {
  shape: number[];
  kind: Kind;
  littleEndian: boolean;
  fortranOrder: boolean;
  dataStart: number;
}

const latin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes);

function readHeader(source: ByteSource): Header {
  const bytes = source.read(0, LONGEST_HEADER + 12);
  const version = bytes[MAGIC.length];
  if (latin1(bytes.subarray(0, MAGIC.length)) !== MAGIC || bytes.length < 12) {
    throw new FileError('the file', 'is not an .npy file');
  }
  if (version !== 1 && version !== 2 && version !== 3) {
    throw new FileError('the file', `has version ${version} of the format, not 1 to 3`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > LONGEST_HEADER || start + length > bytes.length) {
    throw new FileError('the header', 'does not end');
  }
  const text = latin1(bytes.subarray(start, start + length));
  const descr = DESCR.exec(text);
  const order = FORTRAN_ORDER.exec(text);
  const sizes = SHAPE.exec(text);
  if (!descr || !order || !sizes) throw new FileError('the header', 'is not a NumPy header, or describes records');
  const [, byteOrder, type = ''] = descr;
  const kind = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
  if (kind === undefined) {
    throw new FileError('the file', `holds '${type}': convert it, say by .astype('float32')`);
  }
  return {
    shape: (sizes[1] as string)
      .split(',')
      .filter((size) => size.trim() !== '')
      .map((size) => Number.parseInt(size, 10)),
    kind,
    littleEndian: byteOrder !== '>',
    fortranOrder: order[1] === 'True',
    dataStart: start + length,
  };
}

/**
 * Reads what `numpy.save` writes: booleans, integers, and floating-point numbers of 16, 32 or 64 bits.
 * Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 *
 * @param rows How many are read, the first ones; no more of the file than them, unless it lies column after column.
 * @throws FileError for anything else, and for a file that is shorter or longer than its header says.
 */
export function readNpy(source: ByteSource, rows = Number.POSITIVE_INFINITY): FirstRows {
  const { shape, kind, littleEndian, fortranOrder, dataStart } = readHeader(source);
  const elements = shape.reduce((product, size) => product * size, 1);
  const expected = elements * kind.bytes;
  const found = source.size - dataStart;
  if (expected !== found) {
    const rule = `must hold ${expected} bytes of numbers, as its shape [${shape.join(', ')}] says, but holds ${found}`;
    throw new FileError('the file', rule);
  }
  const kept = shape.length === 0 ? 1 : Math.min(rows, shape[0] as number) * rowSize(shape);
  const data = source.read(dataStart, fortranOrder ? found : kept * kind.bytes);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const values = new Float32Array(kept);
  const placeOf = fortranOrder ? placesInColumns(shape) : (n: number) => n;
  for (let n = 0; n < kept; n++) values[n] = kind.read(view, placeOf(n) * kind.bytes, littleEndian);
  return { shape, values };
}

/** Where a number lies, column after column, that is the n-th row after row; to be asked for 0, 1, 2, … in turn. */
function placesInColumns(shape: readonly number[]): () => number {
  const index = shape.map(() => 0);
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, size) => product * size, 1));
  return () => {
    const place = index.reduce((sum, position, axis) => sum + position * (strides[axis] as number), 0);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = ((index[axis] as number) + 1) % (shape[axis] as number);
      if (index[axis] !== 0) break;
    }
    return place;
  };
}
