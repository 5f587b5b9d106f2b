import { decodeText } from '../decode-text.js';
import { FileError } from '../file-error.js';
import { Cursor, cursorAt, type Hdf5Bytes, NOWHERE } from './cursor.js';
import { findMessage, MESSAGE, type Message } from './object-header.js';

/** Where a group's entry leads: to an object's header, or out of what this reader follows. */
export type Link = { address: number } | { refused: string };

const LONGEST_NAME = 1024;
const SYMBOL = { soft: 2 };
const LINK = { hard: 0, soft: 1, external: 64 };

/**
 * Reads the entries of a group; null for an object that is no group.
 *
 * @throws FileError
 */
export function readLinks(file: Hdf5Bytes, messages: Message[], place: string): Map<string, Link> | null {
  const links = new Map<string, Link>();
  const info = findMessage(file, messages, MESSAGE.linkInfo, place);
  if (info !== undefined) requireInHeader(info);
  const own = messages.filter(({ type }) => type === MESSAGE.link);
  for (const { start, end } of own) readLink(new Cursor(file, start, end, place), links);
  const table = findMessage(file, messages, MESSAGE.symbolTable, place);
  if (table !== undefined) new SymbolTable(file, place, table, links).read();
  return info === undefined && own.length === 0 && table === undefined ? null : links;
}

function addLink(links: Map<string, Link>, name: string, link: Link, place: string): void {
  if (links.has(name)) throw new FileError(`${place}/${name}`, 'must not occur twice');
  links.set(name, link);
}

const REPACK = { advice: "write the file with h5py's default libver, or repack it by h5repack -h 0" };

function requireInHeader(info: Cursor): void {
  info.version(0);
  const flags = info.u8();
  if ((flags & 1) !== 0) info.skip(8);
  if (info.address() !== NOWHERE) {
    throw new FileError(info.place, 'keeps its entries in a heap of the newest format', REPACK);
  }
}

function readLink(cursor: Cursor, links: Map<string, Link>): void {
  cursor.version(1);
  const flags = cursor.u8();
  const kind = (flags & 8) === 0 ? LINK.hard : cursor.u8();
  if ((flags & 4) !== 0) cursor.skip(8);
  if ((flags & 16) !== 0) cursor.skip(1);
  const length = cursor.unsigned(1 << (flags & 3));
  if (length > LONGEST_NAME) throw new FileError(cursor.place, `must have names of ${LONGEST_NAME} bytes at most`);
  const name = decodeText(cursor.take(length), cursor.place);
  if (kind === LINK.hard) addLink(links, name, { address: cursor.address() }, cursor.place);
  else addLink(links, name, refusedLink(kind), cursor.place);
}

function refusedLink(kind: number): Link {
  if (kind === LINK.external) return { refused: 'is a link to another file, which is not followed' };
  return { refused: 'is a link to another place, which is not followed' };
}

/** The entries of a group as HDF5 has kept them from the beginning: leaves of a B-tree, names in a heap. */
class SymbolTable {
  private readonly visited = new Set<number>();
  private readonly tree: number;
  private readonly names: Cursor;

  constructor(
    private readonly file: Hdf5Bytes,
    private readonly place: string,
    table: Cursor,
    private readonly links: Map<string, Link>,
  ) {
    this.tree = table.address();
    const heap = cursorAt(file, table.address(), 8 + 2 * file.lengthSize + file.addressSize, place);
    heap.expect('HEAP');
    heap.version(0);
    heap.skip(3);
    const size = heap.length();
    heap.length();
    this.names = cursorAt(file, heap.address(), size, place);
  }

  read(): void {
    for (const leaf of treeLeaves(this.file, this.tree, { type: 0, keySize: this.file.lengthSize }, this.place)) {
      this.readLeaf(leaf.address);
    }
  }

  private readLeaf(address: number): void {
    if (this.visited.has(address)) throw new FileError(this.place, 'must not list its entries twice');
    this.visited.add(address);
    const { file } = this;
    const head = cursorAt(file, address, 8, this.place);
    head.expect('SNOD');
    head.version(1);
    head.skip(1);
    const count = head.u16();
    const entry = cursorAt(file, head.at, count * (24 + 2 * file.addressSize), this.place);
    for (let n = 0; n < count; n++) {
      const offset = entry.address();
      const object = entry.address();
      const kind = entry.u32();
      entry.skip(20);
      const name = new Cursor(file, this.names.at + offset, this.names.end, this.place).text(LONGEST_NAME);
      addLink(this.links, name, kind === SYMBOL.soft ? refusedLink(LINK.soft) : { address: object }, this.place);
    }
  }
}

/** One entry of a B-tree's lowest nodes. */
interface TreeEntry {
  /** What the entry is found by. */
  key: Cursor;
  address: number;
}

interface TreeKind {
  /** 0: of a group's entries; 1: of a dataset's chunks. */
  type: 0 | 1;
  keySize: number;
}

const DEEPEST_TREE = 32;

/**
 * The entries of a B-tree of the first kind, in order. No node is visited twice.
 *
 * @throws FileError
 */
export function treeLeaves(file: Hdf5Bytes, root: number, kind: TreeKind, place: string): TreeEntry[] {
  const entries: TreeEntry[] = [];
  const visited = new Set<number>();
  const visit = (address: number, expectedLevel: number | null) => {
    if (visited.has(address)) throw new FileError(place, 'must be indexed by a tree without cycles');
    visited.add(address);
    const head = cursorAt(file, address, 8 + 2 * file.addressSize, place);
    head.expect('TREE');
    if (head.u8() !== kind.type) throw new FileError(place, 'must be indexed by a tree of its own kind');
    const level = head.u8();
    if (level !== (expectedLevel ?? level) || level > DEEPEST_TREE) {
      throw new FileError(place, 'must be indexed by a tree whose levels go down one by one');
    }
    const count = head.u16();
    head.skip(2 * file.addressSize);
    const node = cursorAt(file, head.at, count * (kind.keySize + file.addressSize), place);
    for (let n = 0; n < count; n++) {
      const key = new Cursor(file, node.at, node.at + kind.keySize, place);
      node.skip(kind.keySize);
      const child = node.address();
      if (level === 0) entries.push({ key, address: child });
      else visit(child, level - 1);
    }
  };
  visit(root, null);
  return entries;
}
