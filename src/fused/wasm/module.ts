import { RELAXED_SIMD, SIMD } from './binaries.js';

type OnSequence<Result> = (sequence: number) => Result;

/** What `assembly/index.ts` exports. The argument is the address of a sequence's fields. */
export interface ModuleExports {
  forward: OnSequence<void>;
  forwardScratchBytes: OnSequence<number>;
  backward: OnSequence<void>;
  backwardScratchBytes: OnSequence<number>;
  kernelGradient: OnSequence<void>;
  kernelGradientScratchBytes: OnSequence<number>;
  recurrentKernelGradient: OnSequence<void>;
  recurrentKernelGradientScratchBytes: OnSequence<number>;
  peepholeGradient: OnSequence<void>;
  peepholeGradientScratchBytes: OnSequence<number>;
  projectionGradient: OnSequence<void>;
  projectionGradientScratchBytes: OnSequence<number>;
  biasGradient: OnSequence<void>;
  biasGradientScratchBytes: OnSequence<number>;
  inputGradient: OnSequence<void>;
  inputGradientScratchBytes: OnSequence<number>;
}

/** Which of the two builds. */
export type Build = 'simd' | 'relaxed-simd';

interface Binary {
  base64: string;
  memoryFlagsOffset: number;
}

const BINARIES: Record<Build, Binary> = { simd: SIMD, 'relaxed-simd': RELAXED_SIMD };

/** Bit 1 of the memory's flags; memories that threads share can only be imported as such. */
const SHARED = 2;

function decode({ base64, memoryFlagsOffset }: Binary, isShared: boolean): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  if (isShared) bytes[memoryFlagsOffset] = (bytes[memoryFlagsOffset] as number) | SHARED;
  return bytes;
}

let chosen: Build | null | undefined;

/** The fastest build that this engine can run; null where it has no WebAssembly SIMD. */
export function fastestBuild(): Build | null {
  chosen ??= (['relaxed-simd', 'simd'] as const).find(canRun) ?? null;
  return chosen;
}

function canRun(build: Build): boolean {
  return typeof WebAssembly === 'object' && WebAssembly.validate(decode(BINARIES[build], false));
}

const modules = new Map<string, WebAssembly.Module>();

/**
 * Connects a build to a memory.
 *
 * @throws Error where the page's content security policy, or the engine, forbids it.
 */
export function instantiate(build: Build, memory: WebAssembly.Memory): ModuleExports {
  const isShared = Object.prototype.toString.call(memory.buffer) === '[object SharedArrayBuffer]';
  const key = `${build} ${isShared}`;
  const module = modules.get(key) ?? new WebAssembly.Module(decode(BINARIES[build], isShared));
  modules.set(key, module);
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as ModuleExports;
}
