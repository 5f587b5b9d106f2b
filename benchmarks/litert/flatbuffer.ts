/** A table of a flatbuffer: what is in each of its slots; a slot that is left out has its default. */
export interface Table {
  slots: Readonly<Record<number, Field>>;
}

export type Field =
  | { byte: number }
  | { int: number }
  | { ints: readonly number[] }
  | { bytes: Uint8Array }
  | { text: string }
  | { table: Table }
  | { tables: readonly Table[] };

/** Where data begin, from the start of the file: as TensorFlow Lite wants it. */
const ALIGNMENT = 16;

/**
 * Writes a flatbuffer. Every reference points forward, to what is written after what refers to it.
 *
 * Source: https://flatbuffers.dev/internals/
 */
export function writeFlatbuffer(root: Table, identifier: string): Uint8Array {
  const writer = new Writer();
  writer.int(0);
  writer.text(identifier);
  writer.refer(0, writer.table(root));
  return writer.bytes();
}

class Writer {
  private buffer = new Uint8Array(1024);
  private length = 0;

  bytes(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }

  table({ slots }: Table): number {
    const numbers = Object.keys(slots).map(Number);
    const count = numbers.length === 0 ? 0 : Math.max(...numbers) + 1;
    this.align(4);
    const vtable = this.length;
    this.short(4 + 2 * count);
    this.short(4 + 4 * numbers.length);
    for (let slot = 0; slot < count; slot++) this.short(slot in slots ? 4 + 4 * numbers.indexOf(slot) : 0);
    this.align(4);
    const start = this.length;
    this.int(start - vtable);
    const references: [at: number, field: Field][] = [];
    for (const slot of numbers) {
      const field = slots[slot] as Field;
      if (!('int' in field || 'byte' in field)) references.push([this.length, field]);
      this.int('int' in field ? field.int : 'byte' in field ? field.byte : 0);
    }
    for (const [at, field] of references) this.refer(at, this.referred(field));
    return start;
  }

  refer(at: number, target: number): void {
    new DataView(this.buffer.buffer).setUint32(at, target - at, true);
  }

  int(value: number): void {
    const at = this.grow(4);
    new DataView(this.buffer.buffer).setInt32(at, value, true);
  }

  text(value: string): void {
    this.append(new TextEncoder().encode(value));
  }

  private referred(field: Field): number {
    if ('table' in field) return this.table(field.table);
    if ('tables' in field) return this.tables(field.tables);
    if ('ints' in field)
      return this.vector(field.ints.length, 4, () => field.ints.forEach((value) => void this.int(value)));
    if ('bytes' in field) return this.vector(field.bytes.length, ALIGNMENT, () => this.append(field.bytes));
    if (!('text' in field)) throw new Error('a number is in its table, and not referred to');
    // With a 0 at its end, which does not count.
    const characters = new TextEncoder().encode(`${field.text}\0`);
    return this.vector(characters.length - 1, 4, () => this.append(characters));
  }

  private tables(tables: readonly Table[]): number {
    const start = this.vector(tables.length, 4, () => tables.forEach(() => void this.int(0)));
    for (const [n, table] of tables.entries()) this.refer(start + 4 + 4 * n, this.table(table));
    return start;
  }

  /** @param alignment Of what comes after the length. */
  private vector(length: number, alignment: number, write: () => void): number {
    this.align(4);
    while ((this.length + 4) % alignment !== 0) this.int(0);
    const start = this.length;
    this.int(length);
    write();
    return start;
  }

  private short(value: number): void {
    const at = this.grow(2);
    new DataView(this.buffer.buffer).setUint16(at, value, true);
  }

  private append(bytes: Uint8Array): void {
    const at = this.grow(bytes.length);
    this.buffer.set(bytes, at);
  }

  private align(alignment: number): void {
    this.grow((alignment - (this.length % alignment)) % alignment);
  }

  private grow(bytes: number): number {
    const at = this.length;
    this.length += bytes;
    if (this.length > this.buffer.length) {
      const larger = new Uint8Array(2 * this.length);
      larger.set(this.buffer);
      this.buffer = larger;
    }
    return at;
  }
}
