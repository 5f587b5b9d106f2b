import { compile } from './compile.js';

/** Runs the machine at its limits. */
export interface Probe {
  /** What multiplies and adds: two instructions, or the one of relaxed SIMD where the engine has it. */
  arithmetic: 'mul+add' | 'FMA';
  /** Does this many multiply-adds (up to a remainder) with all operands in registers and the first cache. */
  multiplyAdd: (count: number) => void;
  /** The same in two instructions, whatever the engine has. */
  multiplyThenAdd: (count: number) => void;
  /** Reads as many bytes, from wherever they are cached, as many times. */
  read: (bytes: number, passes: number) => void;
}

/** The largest working set that can be read. */
export const MOST_BYTES = 64 * 1024 * 1024;

const FOLDER = 'benchmarks/floor/assembly';
/** As in the assembly: vectors of 4 in one iteration, the start of the data, and the bytes read at a time. */
const FLOATS = { multiplyAdd: 48, fusedMultiplyAdd: 36 };
const DATA = 1024;
const BLOCK = 128;

export async function makeProbe(): Promise<Probe> {
  const module = await instantiate<Limits>(await compile(`${FOLDER}/limits.ts`, DATA + MOST_BYTES, ['simd']));
  const multiplyThenAdd = (count: number) => void module.multiplyAdd(Math.ceil(count / FLOATS.multiplyAdd));
  const read = (bytes: number, passes: number) => {
    if (!(bytes <= MOST_BYTES)) throw new Error(`read: at most ${MOST_BYTES} bytes, got ${bytes}`);
    module.read(Math.ceil(bytes / BLOCK) * BLOCK, passes);
  };
  const fusedCode = await compile(`${FOLDER}/fused-limits.ts`, DATA, ['simd', 'relaxed-simd']);
  if (!WebAssembly.validate(fusedCode)) {
    return { arithmetic: 'mul+add', multiplyAdd: multiplyThenAdd, multiplyThenAdd, read };
  }
  const fused = await instantiate<FusedLimits>(fusedCode);
  const multiplyAdd = (count: number) => void fused.fusedMultiplyAdd(Math.ceil(count / FLOATS.fusedMultiplyAdd));
  return { arithmetic: 'FMA', multiplyAdd, multiplyThenAdd, read };
}

interface Limits {
  memory: WebAssembly.Memory;
  multiplyAdd: (iterations: number) => number;
  read: (bytes: number, passes: number) => number;
}

interface FusedLimits {
  memory: WebAssembly.Memory;
  fusedMultiplyAdd: (iterations: number) => number;
}

async function instantiate<Exports extends { memory: WebAssembly.Memory }>(
  code: Uint8Array<ArrayBuffer>,
): Promise<Exports> {
  const { instance } = await WebAssembly.instantiate(code);
  const exports = instance.exports as unknown as Exports;
  // Neither zero pages, which are all one in the machine's memory, nor values that could become infinite or subnormal.
  new Float32Array(exports.memory.buffer).fill(0.5);
  return exports;
}
