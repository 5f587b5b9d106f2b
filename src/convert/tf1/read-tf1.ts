import { invalidArgument } from '../../core/errors.js';
import { A_POSITIVE_INTEGER, checkOptions, type OptionRules } from '../../core/options.js';
import { FileError } from '../../formats/file-error.js';
import type { StoredArray } from '../../formats/stored-array.js';
import { readBundleIndex, readVariables, shardsInUse } from '../../formats/tf1/bundle.js';
import { type OpenedSource, openSource, type Source } from '../source.js';

/**
 * A checkpoint: its prefix, path or URL, to which `.index` and `.data-00000-of-00001` are added; or its files, the data
 * files in the order of their numbers.
 */
export type TF1Source = string | URL | { index: Source; data: Source | readonly Source[] };

/** The options of `readTF1`. */
export interface ReadTF1Options {
  /** As long as each file may be, in bytes. Default: 2 GiB. */
  maxBytes?: number;
}

const RULES: OptionRules = { maxBytes: A_POSITIVE_INTEGER };
const ENDING = /\.(?:index|meta|data-\d{5}-of-\d{5})$/;

/**
 * Reads a checkpoint of TensorFlow 1 (or 2), version 2 of the format, which `tf.train.Saver` writes by default. The graph,
 * `.meta`, is not needed.
 *
 * ```ts
 * const variables = await readTF1('model.ckpt-1000');
 * console.log([...variables.keys()]); // rnn/lstm_cell/kernel, rnn/lstm_cell/bias, …
 * ```
 *
 * Partitioned variables are joined. Variables that are no numbers, such as texts, are left out.
 *
 * @param source The prefix that `saver.save` returns, or `{ index, data }`.
 * @returns Every variable by its name: `{ dtype, shape, data }`, the numbers as stored.
 * @throws RangeError for what is no source. FileError for a file that is missing, damaged, or of version 1 of the format.
 * @category TensorFlow 1
 */
export async function readTF1(source: TF1Source, options: ReadTF1Options = {}): Promise<Map<string, StoredArray>> {
  const where = 'readTF1';
  checkOptions(where, options, RULES);
  const maxBytes = options.maxBytes ?? undefined;
  const files = isFiles(source) ? await openFiles(where, source, maxBytes) : await openPrefix(where, source, maxBytes);
  const { index, name, shard } = files;
  try {
    const bundle = readBundleIndex(index);
    const shards = new Map<number, Uint8Array>();
    for (const number of shardsInUse(bundle)) shards.set(number, await shard(number, bundle.shards));
    return readVariables(bundle, shards);
  } catch (error) {
    throw error instanceof FileError ? error.inFile(name) : error;
  }
}

interface Files {
  name: string;
  index: Uint8Array;
  shard(number: number, count: number): Promise<Uint8Array>;
}

function isFiles(source: TF1Source): source is Extract<TF1Source, { index: Source }> {
  return typeof source === 'object' && source !== null && 'index' in source && 'data' in source;
}

async function openFiles(
  where: string,
  { index, data }: Extract<TF1Source, { index: Source }>,
  maxBytes: number | undefined,
): Promise<Files> {
  const list: readonly Source[] = Array.isArray(data) ? data : [data as Source];
  const { name, bytes } = await openSource(where, index, maxBytes);
  const shard = async (number: number, count: number) => {
    if (list.length !== count) {
      throw new FileError('the index', `counts ${count} data files, but ${list.length} are given`);
    }
    return (await openSource(where, list[number] as Source, maxBytes)).bytes;
  };
  return { name, index: bytes, shard };
}

async function openPrefix(where: string, source: string | URL, maxBytes: number | undefined): Promise<Files> {
  const isAddress = typeof source === 'string' && /^(?:https?|file):/i.test(source);
  if (!(typeof source === 'string' && source !== '') && !(source instanceof URL)) {
    throw invalidArgument(where, "the source must be a checkpoint's prefix, or { index, data }", source);
  }
  const prefix = (text: string) => text.replace(ENDING, '');
  let index: string | URL;
  if (source instanceof URL || isAddress) {
    index = new URL(source);
    index.pathname = `${prefix(index.pathname)}.index`;
  } else index = `${prefix(source)}.index`;
  let opened: OpenedSource;
  try {
    opened = await openSource(where, index, maxBytes);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const advice =
      error.advice ?? "give the checkpoint's prefix, as saver.save returns it, and save it in version 2 of the format";
    throw new FileError(error.place, error.rule, { file: error.file ?? String(index), advice, cause: error });
  }
  const path = typeof index === 'string' ? index : index.pathname;
  const [, base = ''] = /([^/\\]*)\.index$/.exec(path) ?? [];
  const digits = (number: number) => String(number).padStart(5, '0');
  // The name alone could be read as an address.
  const shard = (number: number, count: number) =>
    opened.sibling(
      `./${index instanceof URL && index.protocol === 'file:' ? decodeURIComponent(base) : base}.data-${digits(number)}-of-${digits(count)}`,
    );
  return { name: opened.name, index: opened.bytes, shard };
}
