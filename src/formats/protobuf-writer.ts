/** How a field's value lies in the file. */
export const VARINT = 0;
export const LENGTH_DELIMITED = 2;
export const FOUR_BYTES = 5;

const ENCODER = new TextEncoder();

/** Writes a message of Protocol Buffers; what is written twice is a repeated field. */
export class ProtobufWriter {
  private readonly pieces: ArrayLike<number>[] = [];
  private size = 0;

  integer(field: number, value: number | bigint): this {
    this.varint((field << 3) | VARINT);
    return this.varint(value);
  }

  float(field: number, value: number): this {
    this.varint((field << 3) | FOUR_BYTES);
    const view = new DataView(new ArrayBuffer(4));
    view.setFloat32(0, value, true);
    return this.append(new Uint8Array(view.buffer));
  }

  text(field: number, value: string): this {
    return this.rawBytes(field, ENCODER.encode(value));
  }

  /** Keeps the bytes, not a copy, until `finish`. */
  rawBytes(field: number, bytes: Uint8Array): this {
    this.varint((field << 3) | LENGTH_DELIMITED);
    return this.varint(bytes.length).append(bytes);
  }

  message(field: number, inner: ProtobufWriter): this {
    this.varint((field << 3) | LENGTH_DELIMITED);
    this.varint(inner.size);
    for (const piece of inner.pieces) this.append(piece);
    return this;
  }

  finish(): Uint8Array {
    const bytes = new Uint8Array(this.size);
    let at = 0;
    for (const piece of this.pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  private varint(value: number | bigint): this {
    // Nearly all are of one byte, and bigints slow.
    if (value >= 0 && value < 0x80) return this.append([Number(value)]);
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
    return this.append(bytes);
  }

  private append(piece: ArrayLike<number>): this {
    this.pieces.push(piece);
    this.size += piece.length;
    return this;
  }
}
