import asc from 'assemblyscript/asc';

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
/** Of WebAssembly. */
const PAGE_BYTES = 65536;

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

/**
 * Compiles one AssemblyScript file to a module that exports its own memory.
 *
 * @throws Error with what the compiler said.
 */
async function compile(file: string, memoryBytes: number, features: string[]): Promise<Uint8Array<ArrayBuffer>> {
  const written = new Map<string, string | Uint8Array>();
  const { error, stderr } = await asc.main(
    [
      file,
      ...['--outFile', 'module.wasm', '-O3', '--noAssert', '--runtime', 'stub'],
      ...['--initialMemory', String(Math.ceil(memoryBytes / PAGE_BYTES))],
      ...features.flatMap((feature) => ['--enable', feature]),
    ],
    { writeFile: (name, contents) => void written.set(name, contents) },
  );
  const module = written.get('module.wasm');
  if (error || !(module instanceof Uint8Array)) throw new Error(`compile: ${file}: ${error?.message ?? stderr}`);
  return Uint8Array.from(module);
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
