import { RELAXED_SIMD, SIMD } from './binaries.js';

type OnSequence<Result> = (sequence: number) => Result;

/** What `assembly/index.ts` exports. The argument is the address of a sequence's fields. */
interface PlainExports {
  forward: OnSequence<void>;
  forwardScratchBytes: OnSequence<number>;
  backward: OnSequence<void>;
  backwardScratchBytes: OnSequence<number>;
  kernelGradient: OnSequence<void>;
  kernelGradientScratchBytes: OnSequence<number>;
  recurrentKernelGradient: OnSequence<void>;
  recurrentKernelGradientScratchBytes: OnSequence<number>;
  biasGradient: OnSequence<void>;
  biasGradientScratchBytes: OnSequence<number>;
  inputGradient: OnSequence<void>;
  inputGradientScratchBytes: OnSequence<number>;
  /** Copies one of the four blocks that each row has: floats [rows, 4·width] to [rows, width]. */
  copyBlock(destination: number, source: number, rows: number, width: number): void;
  /** How much memory the panels of weights [depth, columns] take. */
  weightPanelsBytes(depth: number, columns: number, maskCount: number): number;
}

/** What `assembly/with-additions.ts` exports besides. */
interface ExportsOfAdditions {
  peepholeGradient: OnSequence<void>;
  peepholeGradientScratchBytes: OnSequence<number>;
  projectionGradient: OnSequence<void>;
  projectionGradientScratchBytes: OnSequence<number>;
}

export type ModuleExports = PlainExports & ExportsOfAdditions;

/** The instructions that a build needs. */
type Instructions = 'simd' | 'relaxed-simd';

/** Which build: the larger ones also compute what steps may have beyond the six equations. */
export type Build = Instructions | `${Instructions} with additions`;

export interface Binary {
  /** For `decodeBytes`: its bytes, or what is different from those of another build. */
  text: string;
  of?: Binary;
  memoryFlagsOffset: number;
}

const BINARIES = new Map<Build, Binary>([
  ['simd', SIMD],
  ['relaxed-simd', RELAXED_SIMD],
]);

/** Makes a build known. */
export function provideBuild(build: Build, binary: Binary): void {
  BINARIES.set(build, binary);
}

/** The build of the same instructions that computes additions too; null where nobody has provided it. */
export function withAdditions(build: Build): Build | null {
  const larger: Build = build === 'simd' || build === 'relaxed-simd' ? `${build} with additions` : build;
  return BINARIES.has(larger) ? larger : null;
}

/** Bit 1 of the memory's flags; memories that threads share can only be imported as such. */
const SHARED = 2;

/** The bytes that `encodeBytes` of scripts/generate/wasm-binaries.mjs wrote as text. */
export function decodeBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  let size = 0;
  let quarter = 0;
  for (let n = 0; n < text.length; n++) {
    const code = text.charCodeAt(n);
    const isOfByte = code >= 40;
    if (isOfByte) bytes[size++] = 64 * quarter + code - 40;
    quarter = isOfByte ? 0 : ' !#'.indexOf(text.charAt(n)) + 1;
  }
  return bytes.slice(0, size);
}

/** A build's bytes, in an array of their own. */
export function bytesOf({ text, of }: Binary): Uint8Array<ArrayBuffer> {
  const bytes = decodeBytes(text);
  return of === undefined ? bytes : applyChanges(bytes, bytesOf(of));
}

/** Changes are as `changesOf` of scripts/generate/wasm-binaries.mjs writes them. */
function applyChanges(changes: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  let at = 0;
  let from = 0;
  const next = () => changes[at++] as number;
  const number = (): number => {
    const low = next();
    return low < 128 ? low : low - 128 + 128 * number();
  };
  while (at < changes.length) {
    for (let count = number(); count > 0; count--) bytes.push(next());
    const distance = number();
    from += distance % 2 === 0 ? distance / 2 : -(distance + 1) / 2;
    for (let count = number(); count > 0; count--) bytes.push(other[from++] as number);
  }
  return Uint8Array.from(bytes);
}

function decode(build: Build, isShared: boolean): Uint8Array<ArrayBuffer> {
  const binary = BINARIES.get(build) as Binary;
  const bytes = bytesOf(binary);
  const { memoryFlagsOffset } = binary;
  if (isShared) bytes[memoryFlagsOffset] = (bytes[memoryFlagsOffset] as number) | SHARED;
  return bytes;
}

let chosen: Instructions | null | undefined;

/** The fastest plain build that this engine can run; null where it has no WebAssembly SIMD. */
export function fastestBuild(): Instructions | null {
  chosen ??= (['relaxed-simd', 'simd'] as const).find(canRun) ?? null;
  return chosen;
}

function canRun(build: Build): boolean {
  return typeof WebAssembly === 'object' && WebAssembly.validate(decode(build, false));
}

function doNothing(): void {}

const modules = new Map<string, WebAssembly.Module>();

/**
 * The compiled module of a build, for memories of this one's kind.
 *
 * @throws Error where the page's content security policy, or the engine, forbids it.
 */
export function moduleOf(build: Build, memory: WebAssembly.Memory): WebAssembly.Module {
  const isShared = isSharedMemory(memory);
  const key = `${build} ${isShared}`;
  const module = modules.get(key) ?? new WebAssembly.Module(decode(build, isShared));
  modules.set(key, module);
  return module;
}

/** Whether threads can share a memory. */
export function isSharedMemory({ buffer }: WebAssembly.Memory): boolean {
  return Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]';
}

/**
 * Connects a build to a memory.
 *
 * @param awaitOthers Called by each thread that computes a share of a sequence; returns when all of them have called it.
 * @throws Error where the page's content security policy, or the engine, forbids it.
 */
export function instantiate(
  build: Build,
  memory: WebAssembly.Memory,
  awaitOthers: () => void = doNothing,
): ModuleExports {
  const { exports } = new WebAssembly.Instance(moduleOf(build, memory), { env: { memory, awaitOthers } });
  return exports as unknown as ModuleExports;
}
