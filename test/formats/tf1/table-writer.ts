import { compress } from 'snappyjs';
import { maskedCrc32c } from '../../../src/formats/tf1/crc32c.js';

export type Entry = [key: ArrayLike<number>, value: ArrayLike<number>];

export interface TableOptions {
  /** Entries a block. */
  blockOf?: number;
  isCompressed?: boolean;
  /** After how many entries keys share nothing. */
  restartInterval?: number;
}

export function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...varint(Math.floor(value / 0x80))];
}

const uint32 = (value: number) => [...new Uint8Array(Uint32Array.of(value).buffer)];

/** The bytes of one block, without what follows it. */
export function blockOf(entries: readonly Entry[], restartInterval = 16): number[] {
  const bytes: number[] = [];
  const restarts: number[] = [];
  let last: number[] = [];
  for (const [n, [key, value]] of entries.entries()) {
    const whole = Array.from(key);
    let shared = 0;
    if (n % restartInterval === 0) restarts.push(bytes.length);
    else while (shared < last.length && last[shared] === whole[shared]) shared++;
    const own = whole.slice(shared);
    for (const number of [shared, own.length, value.length]) bytes.push(...varint(number));
    bytes.push(...own, ...Array.from(value));
    last = whole;
  }
  if (restarts.length === 0) restarts.push(0);
  return [...bytes, ...restarts.flatMap(uint32), ...uint32(restarts.length)];
}

/** A table of such blocks, compressed by Snappy if the kind is 1. */
export function tableOf(blocks: readonly (readonly number[])[], kind = 0): Uint8Array {
  let file: number[] = [];
  const handles: number[][] = [];
  const add = (block: readonly number[]) => {
    const bytes = [...(kind === 1 ? compress(Uint8Array.from(block)) : block), kind];
    handles.push([...varint(file.length), ...varint(bytes.length - 1)]);
    file = [...file, ...bytes, ...uint32(maskedCrc32c(Uint8Array.from(bytes)))];
    return handles.at(-1) as number[];
  };
  for (const block of blocks) add(block);
  const index = blockOf(handles.map((handle, n): Entry => [[0xff, n >> 8, n & 255], handle]));
  const ends = [...add(blockOf([])), ...add(index)];
  const padding = Array.from({ length: 40 - ends.length }, () => 0);
  return Uint8Array.from([...file, ...ends, ...padding, 0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb]);
}

export function writeTable(entries: readonly Entry[], options: TableOptions = {}): Uint8Array {
  const { blockOf: size = 100, isCompressed = false, restartInterval = 16 } = options;
  const blocks: number[][] = [];
  for (let n = 0; n < entries.length; n += size) blocks.push(blockOf(entries.slice(n, n + size), restartInterval));
  return tableOf(blocks, isCompressed ? 1 : 0);
}
