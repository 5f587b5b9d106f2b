// src/fused/wasm/binaries.ts, out of the AssemblyScript beside it: once with plain SIMD, once with relaxed SIMD; and where
// its fields are, and by which numbers activations are known. binaries-with-additions.ts has the same for cells whose steps
// have more than the six equations, so that a page with none of them loads nothing for them.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = 'src/fused/wasm/assembly';

/** The files to be made: what each is compiled from, with or without additions, and whether it says what JavaScript writes. */
const TARGETS = [
  { file: 'src/fused/wasm/binaries.ts', entry: 'index.ts', withAdditions: 0, saysConstants: true },
  {
    file: 'src/fused/wasm/binaries-with-additions.ts',
    entry: 'with-additions.ts',
    withAdditions: 1,
    saysConstants: false,
  },
];

/** WebAssembly's largest memory, in pages: any memory may be imported. */
const MOST_PAGES = 65536;

const OPTIONS = [
  ...['--optimizeLevel', '3', '--shrinkLevel', '0', '--noAssert', '--runtime', 'stub'],
  ...['--importMemory', '--noExportMemory', '--maximumMemory', String(MOST_PAGES), '--enable', 'simd'],
];

const BUILDS = { SIMD: [], RELAXED_SIMD: ['--enable', 'relaxed-simd'] };

/** What the result depends on. */
function fingerprint() {
  const hash = createHash('sha256').update(readFileSync(fileURLToPath(import.meta.url)));
  hash.update(readFileSync(`${root}node_modules/assemblyscript/package.json`));
  for (const file of readdirSync(root + sources).sort())
    hash.update(file).update(readFileSync(`${root}${sources}/${file}`));
  return hash.digest('hex');
}

async function compile(entry, options) {
  const asc = await import('assemblyscript/asc');
  const compilerArguments = [
    `${sources}/${entry}`,
    '--outFile',
    'kernel.wasm',
    '--baseDir',
    root,
    ...OPTIONS,
    ...options,
  ];
  let binary;
  const { error, stderr } = await asc.main(compilerArguments, {
    writeFile: (_name, contents) => {
      binary = contents;
    },
  });
  if (error !== null || stderr.toString() !== '')
    throw new Error(`wasm-binaries: ${stderr.toString() || error.message}`);
  return Buffer.from(binary);
}

/**
 * Bytes as printable ASCII, which `decodeBytes` of src/fused/wasm/module.ts reads: those below 64 as one character each, the others
 * as one of three that say which quarter, and one more. Unlike base64 it keeps to the bytes, so that a page that is sent
 * compressed is smaller: what two builds have in common begins in both as the same text.
 */
function encodeBytes(bytes) {
  const character = (byte) => String.fromCharCode(40 + (byte & 63));
  return Array.from(bytes, (byte) => (byte < 64 ? '' : ' !#'[(byte >> 6) - 1]) + character(byte)).join('');
}

/** Where the memory import's flags are: bit 0 says that it has a maximum, bit 1 that it is shared. */
function memoryFlagsOffset(binary) {
  const offset = binary.indexOf('\x03env\x06memory\x02', 0, 'latin1') + 12;
  if (offset < 12 || binary[offset] !== 1) throw new Error('wasm-binaries: the import of the memory was not found');
  return offset;
}

/** What is copied of the other build at once, at least. */
const LEAST_COPIED = 6;

/**
 * A build as changes of another, for the two are much alike: over and over the number of new bytes, these bytes, how far from
 * the end of the last copy the next one begins, and how many bytes it copies. Numbers are in LEB128.
 */
function changesOf(other, binary) {
  const places = new Map();
  for (let at = 0; at + LEAST_COPIED <= other.length; at++) {
    const key = other.toString('latin1', at, at + LEAST_COPIED);
    places.set(key, [...(places.get(key) ?? []), at]);
  }
  const lengthOfMatch = (from, at) => {
    let length = 0;
    while (at + length < binary.length && other[from + length] === binary[at + length]) length++;
    return length;
  };
  const changes = [];
  let [at, copied, last] = [0, 0, 0];
  const add = (from, length) => {
    changes.push(...unsigned(at - copied), ...binary.subarray(copied, at), ...signed(from - last), ...unsigned(length));
    at += length;
    copied = at;
    last = from + length;
  };
  while (at < binary.length) {
    let [best, longest] = [0, 0];
    for (const from of places.get(binary.toString('latin1', at, at + LEAST_COPIED)) ?? []) {
      const length = lengthOfMatch(from, at);
      if (length > longest || (length === longest && Math.abs(from - last) < Math.abs(best - last))) {
        [best, longest] = [from, length];
      }
    }
    if (longest > 0) add(best, longest);
    else at++;
  }
  add(last, 0);
  return Buffer.from(changes);
}

function unsigned(value) {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

/** The sign is the lowest bit. */
function signed(value) {
  return unsigned(value < 0 ? -2 * value - 1 : 2 * value);
}

/**
 * Where each field of `assembly/sequence.ts` is, in units of 4 bytes, of which each has one: usize has 4 bytes in wasm32,
 * which the kernels are compiled to.
 */
function sequenceFields() {
  const source = readFileSync(`${root}${sources}/sequence.ts`, 'utf8');
  const body = /export class Sequence \{(.*?)^\}/ms.exec(source)?.[1] ?? '';
  const fields = [...body.matchAll(/^ {2}(\w+): (\w+);$/gm)];
  const odd = fields.find(([, , type]) => !['i32', 'usize', 'f32'].includes(type));
  if (fields.length === 0 || odd !== undefined) throw new Error('wasm-binaries: a field of Sequence has not 4 bytes');
  const lines = fields.map(([, name], index) => `  ${name}: ${index},`);
  return ['export const FIELD = {', ...lines, '} as const;', '', `export const FIELD_COUNT = ${fields.length};`, ''];
}

/** By which number each activation of `assembly/activation-rows.ts` is known. */
function activationNumbers() {
  const source = readFileSync(`${root}${sources}/activation-rows.ts`, 'utf8');
  const names = /export const enum Activation \{([\w\s,]+)\}/.exec(source)?.[1].match(/\w+/g);
  if (names == null) throw new Error('wasm-binaries: the activations were not found');
  return [
    '',
    'export const ACTIVATION = {',
    ...names.map((name, number) => `  ${name}: ${number},`),
    '} as const;',
    '',
  ];
}

/** Writes the files where one of their sources has changed. */
export async function writeWasmBinaries() {
  const mark = `// ${fingerprint()}`;
  for (const { file, entry, withAdditions, saysConstants } of TARGETS) {
    const target = `${root}${file}`;
    if (existsSync(target) && readFileSync(target, 'utf8').startsWith(mark)) continue;
    const lines = [mark, '// Made by npm run generate.', ''];
    let first = null;
    for (const [name, options] of Object.entries(BUILDS)) {
      const binary = await compile(entry, [...options, '--use', `WITH_ADDITIONS=${withAdditions}`]);
      const held = first === null ? binary : changesOf(first, binary);
      lines.push(`export const ${name} = {`, `  text: ${JSON.stringify(encodeBytes(held))},`);
      if (first !== null) lines.push('  of: SIMD,');
      lines.push(`  memoryFlagsOffset: ${memoryFlagsOffset(binary)},`, '};', '');
      first ??= binary;
    }
    if (saysConstants) lines.push(...sequenceFields(), ...activationNumbers());
    writeFileSync(target, lines.join('\n'));
  }
}
