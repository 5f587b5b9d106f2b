import type { StoredArray, StoredDtype } from '../stored-array.js';
import { BYTES_OF, encodeNumbers } from '../stored-numbers.js';
import type { Hdf5Attribute } from './attribute.js';
import { MESSAGE } from './object-header.js';

/** A group to be written. */
export interface Hdf5Tree {
  /** Texts are written in UTF-8; whole numbers as int64, others as float64. */
  attributes?: ReadonlyMap<string, Hdf5Attribute>;
  groups?: ReadonlyMap<string, Hdf5Tree>;
  datasets?: ReadonlyMap<string, StoredArray>;
}

/** Entries in one leaf of a group's index: twice this many. */
const LEAF_K = 4;
const LEAF_ENTRIES = 2 * LEAF_K;
const LEAST_INTERNAL_K = 16;
const SUPERBLOCK = 96;
const SYMBOL_ENTRY = 40;
/** A message's length is a 16-bit number; so much is left for an attribute's value, generously. */
const LONGEST_ATTRIBUTE = 60_000;

/**
 * Writes a file in the oldest of HDF5's formats, which whatever reads HDF5 knows: groups by symbol tables, contiguous data,
 * little-endian. bfloat16 is kept as Keras does: two opaque bytes, and an attribute `dtype`.
 *
 * @throws RangeError for an attribute of more than 60,000 bytes, and for a name with a slash or a byte 0 in it, or empty.
 */
export function writeHdf5(root: Hdf5Tree): Uint8Array {
  const internalK = Math.max(LEAST_INTERNAL_K, Math.ceil(widest(root) / LEAF_ENTRIES / 2));
  if (internalK > 0xffff) throw new RangeError('writeHdf5: a group must not have more than a million entries');
  const writer = new Writer(internalK);
  const { header, tree, heap } = writer.group(root);
  return writer.finish(header, tree, heap);
}

const entriesOf = ({ groups, datasets }: Hdf5Tree) => (groups?.size ?? 0) + (datasets?.size ?? 0);

function widest(tree: Hdf5Tree): number {
  return Math.max(entriesOf(tree), ...[...(tree.groups?.values() ?? [])].map(widest));
}

interface Block {
  address: number;
  bytes: Uint8Array;
}

/** Where the three parts of a group are. */
interface GroupPlace {
  header: number;
  tree: number;
  heap: number;
}

interface Entry {
  name: Uint8Array;
  header: number;
  /** The cache that the format keeps for groups. */
  group?: GroupPlace;
}

/** Puts blocks one behind the other, and numbers into them. */
class Writer {
  private readonly blocks: Block[] = [];
  private end = SUPERBLOCK;

  constructor(private readonly internalK: number) {}

  private place(bytes: Uint8Array): number {
    const address = this.end;
    this.blocks.push({ address, bytes });
    this.end += Math.ceil(bytes.length / 8) * 8;
    return address;
  }

  group({ attributes, groups, datasets }: Hdf5Tree): GroupPlace {
    const entries: Entry[] = [];
    for (const [name, tree] of groups ?? []) {
      const group = this.group(tree);
      entries.push({ name: encodeName(name), header: group.header, group });
    }
    for (const [name, array] of datasets ?? []) {
      if (groups?.has(name)) throw new RangeError(`writeHdf5: '${name}' must not be both a group and a dataset`);
      entries.push({ name: encodeName(name), header: this.dataset(array) });
    }
    entries.sort((one, other) => compareBytes(one.name, other.name));
    const names = new Fields();
    // Of the empty name, before all others.
    names.long(0);
    const offsets = entries.map(({ name }) => {
      const offset = names.length;
      names.bytes(name).zeros(1).align();
      return offset;
    });
    const nameBytes = names.finish();
    const heap = this.place(
      new Fields().text('HEAP').u32(0).long(nameBytes.length).long(1).long(this.place(nameBytes)).finish(),
    );
    const tree = this.tree(entries, offsets);
    const messages = [
      message(MESSAGE.symbolTable, new Fields().long(tree).long(heap)),
      ...attributeMessages(attributes),
    ];
    return { header: this.header(messages), tree, heap };
  }

  /** The index of a group's entries: one node over as many leaves as these need. */
  private tree(entries: Entry[], offsets: number[]): number {
    const leaves: { address: number; lastName: number }[] = [];
    for (let start = 0; start < entries.length; start += LEAF_ENTRIES) {
      const own = entries.slice(start, start + LEAF_ENTRIES);
      const leaf = new Fields().text('SNOD').u16(1).u16(own.length);
      for (const [n, { header, group }] of own.entries()) {
        leaf
          .long(offsets[start + n] as number)
          .long(header)
          .u32(group === undefined ? 0 : 1)
          .u32(0);
        if (group === undefined) leaf.zeros(16);
        else leaf.long(group.tree).long(group.heap);
      }
      leaf.zeros((LEAF_ENTRIES - own.length) * SYMBOL_ENTRY);
      const lastName = offsets[start + own.length - 1] as number;
      leaves.push({ address: this.place(leaf.finish()), lastName });
    }
    const node = new Fields().text('TREE').u16(0).u16(leaves.length).nowhere().nowhere().long(0);
    for (const { address, lastName } of leaves) node.long(address).long(lastName);
    node.zeros((2 * this.internalK - leaves.length) * 16);
    return this.place(node.finish());
  }

  private dataset(array: StoredArray): number {
    const { dtype, shape } = array;
    const bytes = encodeNumbers(array);
    const count = shape.reduce((product, size) => product * size, 1);
    if (bytes.length !== count * BYTES_OF[dtype]) {
      throw new RangeError(
        `writeHdf5: ${array.data.length} numbers must be as many as the shape [${shape.join(', ')}] has`,
      );
    }
    const layout = new Fields().u8(3).u8(1);
    if (bytes.length === 0) layout.nowhere();
    else layout.long(this.place(bytes));
    layout.long(bytes.length);
    const messages = [
      message(MESSAGE.dataspace, dataspace(shape)),
      message(MESSAGE.datatype, numberType(dtype)),
      // Space is taken early, and nothing is filled in: all of it is written.
      message(FILL_VALUE, new Fields().u8(2).u8(2).u8(1).u8(0)),
      message(MESSAGE.layout, layout),
    ];
    const said: [string, Hdf5Attribute][] = dtype === 'bfloat16' ? [['dtype', 'bfloat16']] : [];
    return this.header([...messages, ...attributeMessages(new Map(said))]);
  }

  private header(messages: Uint8Array[]): number {
    const body = messages.reduce((sum, { length }) => sum + length, 0);
    const header = new Fields().u8(1).u8(0).u16(messages.length).u32(1).u32(body).u32(0);
    for (const one of messages) header.bytes(one);
    return this.place(header.finish());
  }

  finish(root: number, tree: number, heap: number): Uint8Array {
    const superblock = new Fields()
      .bytes(Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a))
      .zeros(5)
      .u8(8)
      .u8(8)
      .u8(0)
      .u16(LEAF_K)
      .u16(this.internalK)
      .u32(0)
      .long(0)
      .nowhere()
      .long(this.end)
      .nowhere()
      .long(0)
      .long(root)
      .u32(1)
      .u32(0)
      .long(tree)
      .long(heap);
    const file = new Uint8Array(this.end);
    file.set(superblock.finish());
    for (const { address, bytes } of this.blocks) file.set(bytes, address);
    return file;
  }
}

const FILL_VALUE = 0x05;

/** Numbers, little-endian, one after the other. */
class Fields {
  private readonly values: number[] = [];

  get length(): number {
    return this.values.length;
  }

  private number(value: number, size: number): this {
    let left = value;
    for (let n = 0; n < size; n++) {
      this.values.push(left % 256);
      left = Math.floor(left / 256);
    }
    return this;
  }

  u8(value: number): this {
    return this.number(value, 1);
  }

  u16(value: number): this {
    return this.number(value, 2);
  }

  u32(value: number): this {
    return this.number(value, 4);
  }

  /** A number below 2^53 in 8 bytes. */
  long(value: number): this {
    return this.number(value, 8);
  }

  /** The address that there is not. */
  nowhere(): this {
    for (let n = 0; n < 8; n++) this.values.push(255);
    return this;
  }

  text(letters: string): this {
    for (const letter of letters) this.values.push(letter.charCodeAt(0));
    return this;
  }

  bytes(bytes: Uint8Array): this {
    for (const byte of bytes) this.values.push(byte);
    return this;
  }

  zeros(count: number): this {
    for (let n = 0; n < count; n++) this.values.push(0);
    return this;
  }

  /** Zeros up to a multiple of 8. */
  align(): this {
    return this.zeros((8 - (this.values.length % 8)) % 8);
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.values);
  }
}

function message(type: number, body: Fields): Uint8Array {
  const bytes = body.align().finish();
  return new Fields().u16(type).u16(bytes.length).u32(0).bytes(bytes).finish();
}

function dataspace(shape: readonly number[]): Fields {
  const fields = new Fields().u8(1).u8(shape.length).zeros(6);
  for (const size of shape) fields.long(size);
  return fields;
}

function numberType(dtype: StoredDtype): Fields {
  const size = BYTES_OF[dtype];
  switch (dtype) {
    case 'bool': {
      const type = new Fields().u8(0x18).u16(2).u8(0).u32(1).bytes(integerType(1, true).finish());
      return type.text('FALSE').zeros(3).text('TRUE').zeros(4).u8(0).u8(1);
    }
    case 'bfloat16':
      return new Fields().u8(0x15).u8(0).u16(0).u32(2);
    case 'float16':
      return floatType(size, 15, 10, 5, 10, 15);
    case 'float32':
      return floatType(size, 31, 23, 8, 23, 127);
    case 'float64':
      return floatType(size, 63, 52, 11, 52, 1023);
    default:
      return integerType(size, !dtype.startsWith('u'));
  }
}

function integerType(size: number, isSigned: boolean): Fields {
  return new Fields()
    .u8(0x10)
    .u8(isSigned ? 8 : 0)
    .u16(0)
    .u32(size)
    .u16(0)
    .u16(8 * size);
}

function floatType(size: number, sign: number, exponent: number, bits: number, fraction: number, bias: number): Fields {
  const head = new Fields().u8(0x11).u8(0x20).u8(sign).u8(0).u32(size);
  return head
    .u16(0)
    .u16(8 * size)
    .u8(exponent)
    .u8(bits)
    .u8(0)
    .u8(fraction)
    .u32(bias);
}

function attributeMessages(attributes: ReadonlyMap<string, Hdf5Attribute> = new Map()): Uint8Array[] {
  return [...attributes].map(([name, value]) => {
    const values = Array.isArray(value) ? value : [value];
    const { type, data } = attributeData(values);
    if (data.length > LONGEST_ATTRIBUTE) {
      throw new RangeError(
        `writeHdf5: attribute '${name}' must take ${LONGEST_ATTRIBUTE} bytes at most, not ${data.length}`,
      );
    }
    const nameBytes = encodeName(name);
    const space = dataspace(Array.isArray(value) ? [value.length] : []);
    const body = new Fields()
      .u8(1)
      .u8(0)
      .u16(nameBytes.length + 1)
      .u16(type.length)
      .u16(space.length);
    body.bytes(nameBytes).zeros(1).align().bytes(type.align().finish()).bytes(space.align().finish()).bytes(data);
    return message(MESSAGE.attribute, body);
  });
}

/** What the values are and their bytes: texts filled up with zeros to the length of the longest. */
function attributeData(values: readonly (string | number)[]): { type: Fields; data: Uint8Array } {
  if (values.every((value) => typeof value === 'number')) {
    const isWhole = values.every(Number.isSafeInteger);
    const dtype = isWhole ? 'int64' : 'float64';
    const data = isWhole ? BigInt64Array.from(values, BigInt) : Float64Array.from(values);
    return { type: numberType(dtype), data: encodeNumbers({ dtype, shape: [values.length], data }) };
  }
  const texts = values.map((value) => new TextEncoder().encode(String(value)));
  const size = Math.max(1, ...texts.map(({ length }) => length));
  const data = new Fields();
  for (const text of texts) data.bytes(text).zeros(size - text.length);
  // Filled up with zeros, in UTF-8.
  return { type: new Fields().u8(0x13).u8(0x11).u16(0).u32(size), data: data.finish() };
}

function encodeName(name: string): Uint8Array {
  if (name === '' || name === '.' || /[/\0]/.test(name)) {
    throw new RangeError(`writeHdf5: a name must not be empty or have a slash in it, got '${name}'`);
  }
  return new TextEncoder().encode(name);
}

function compareBytes(one: Uint8Array, other: Uint8Array): number {
  const length = Math.min(one.length, other.length);
  for (let n = 0; n < length; n++) {
    const difference = (one[n] as number) - (other[n] as number);
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}
