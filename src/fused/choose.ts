import * as tf from '@tensorflow/tfjs';
import { invalidArgument } from '../core/errors.js';
import { gradientDepth } from '../host/gradient-tape.js';
import type { FusedKernel, FusedProblem } from './fused-kernel.js';
import { LoadedKernel } from './loaded-kernel.js';
import { ModuleKernel } from './tensorflow/module-kernel.js';
import { areOpsFaster, arePlainOpsFaster, areStepsFaster } from './tensorflow/speed-rules.js';
import { StepsKernel } from './tensorflow/steps-kernel.js';
import { TensorFlowKernel } from './tensorflow/tensorflow-kernel.js';
import { WasmKernel } from './wasm/wasm-kernel.js';
import { WebGLKernel } from './webgl/webgl-kernel.js';

/**
 * Which implementation a layer runs on: the fastest that applies, only the plain path (false), or only a fused kernel (true).
 */
export type UseFused = 'auto' | boolean;

/** What a call ran on. */
export interface Implementation {
  /** The name of the fused kernel, or `'reference'` for the plain path of tfjs ops. */
  name: string;
  /** Why it was not a fused kernel. */
  reason?: string;
}

export interface Choice {
  /** Null for the plain path. */
  fusedKernel: FusedKernel | null;
  implementation: Implementation;
}

/**
 * tfjs's flag that turns all fused kernels off: `tf.env().set('EXPLICIT_LSTM_USE_FUSED', false)`, or, in a page,
 * `?tfjsflags=EXPLICIT_LSTM_USE_FUSED:false`.
 */
export const USE_FUSED_FLAG = 'EXPLICIT_LSTM_USE_FUSED';
tf.env().registerFlag(USE_FUSED_FLAG, () => true);

/** A fused kernel that a backend may run. */
interface Candidate {
  fusedKernelOf: () => FusedKernel;
  /** Whether the next candidate, or at last the plain path, is known to be faster. Default: never. */
  isOutrun?: (problem: FusedProblem) => boolean;
  /** Whether it runs only where it was measured to be the fastest. */
  isOnlyPreferred?: boolean;
}

const wasmKernel = once(() => new WasmKernel());
const moduleKernel = once(() => new ModuleKernel());
const tensorFlowKernel = once(() => new TensorFlowKernel());
const stepsKernel = once(() => new StepsKernel());
const webGLKernel = once(() => new WebGLKernel());
const webGPUKernel = once(
  () => new LoadedKernel('webgpu', async () => new (await import('./webgpu/webgpu-kernel.js')).WebGPUKernel()),
);

/** The fused kernels of each backend, in the order in which they are asked. */
const CANDIDATES: Record<string, Candidate[]> = {
  wasm: [{ fusedKernelOf: wasmKernel }],
  cpu: [{ fusedKernelOf: wasmKernel }],
  tensorflow: [
    { fusedKernelOf: tensorFlowKernel, isOutrun: (problem) => !areOpsFaster(problem) },
    { fusedKernelOf: stepsKernel, isOutrun: (problem) => !areStepsFaster(problem) },
    { fusedKernelOf: moduleKernel, isOutrun: arePlainOpsFaster },
  ],
  // The module reads its inputs back from the graphics card, unless they have never been there.
  webgl: [{ fusedKernelOf: webGLKernel }, { fusedKernelOf: wasmKernel, isOnlyPreferred: true }],
  webgpu: [{ fusedKernelOf: webGPUKernel }],
};

/** The name of the plain path. */
export const REFERENCE = 'reference';

/** The names of implementations that a problem is to run on, the best first; undefined for no preference. */
export type Preference = (problem: FusedProblem, isDemanded: boolean) => readonly string[] | undefined;

let preference: Preference | null = null;

/**
 * Has problems run on what is preferred for them, as far as that applies.
 *
 * @param next Null for none.
 * @returns What it was before.
 */
export function setPreference(next: Preference | null): Preference | null {
  const before = preference;
  preference = next;
  return before;
}

/** The names of the fused kernels that apply to a problem on the current backend, in the order in which they are asked. */
export function applicableFusedKernels(problem: FusedProblem): string[] {
  return candidatesOfBackend()
    .map(({ fusedKernelOf }) => fusedKernelOf())
    .filter((fusedKernel) => fusedKernel.refusal(problem) === null)
    .map(({ name }) => name);
}

function candidatesOfBackend(): readonly Candidate[] {
  return CANDIDATES[tf.getBackend()] ?? [];
}

/** Whether a backend has any fused kernel. */
export function hasFusedKernels(backend: string): boolean {
  return Object.hasOwn(CANDIDATES, backend);
}

/**
 * Prepares the fused kernels of the current backend. On webgpu what a device computes cannot be read at once, so that the first
 * sequences would run on plain ops while it is checked; after this they run on the fused kernel. Elsewhere there is nothing to wait for.
 *
 * ```ts
 * await prepareKernels();
 * model.predict(x);
 * ```
 *
 * @returns When it is done, whether or not a fused kernel applies: `lastImplementation` says that.
 * @throws Error where the browser has lost its GPU device.
 * @category Speed
 */
export async function prepareKernels(): Promise<void> {
  await tf.ready();
  for (const { fusedKernelOf } of candidatesOfBackend()) await fusedKernelOf().prepare?.();
}

function once(make: () => FusedKernel): () => FusedKernel {
  let made: FusedKernel | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/**
 * Chooses what a call runs on.
 *
 * @param problem What is to be computed, or why it is nothing for any fused kernel.
 * @param goesBackBySteps Whether the fused kernel is to tell what its backward pass comes by.
 * @throws RangeError when a fused kernel is demanded and none applies.
 */
export function chooseImplementation(
  where: string,
  layer: string,
  useFused: UseFused,
  problem: FusedProblem | string,
  goesBackBySteps = false,
): Choice {
  const found = useFused === false ? 'useFused is false' : findFusedKernel(problem, useFused === true, goesBackBySteps);
  if (typeof found !== 'string') return { fusedKernel: found, implementation: { name: found.name } };
  if (useFused === true) {
    const rule = `useFused must be 'auto' or false where no fused kernel applies (${found})`;
    throw invalidArgument(where, rule, useFused, { layer });
  }
  return { fusedKernel: null, implementation: { name: REFERENCE, reason: found } };
}

/** The best fused kernel that applies, or why none does. */
function findFusedKernel(
  problem: FusedProblem | string,
  isDemanded: boolean,
  goesBackBySteps: boolean,
): FusedKernel | string {
  if (typeof problem === 'string') return problem;
  if (!tf.env().getBool(USE_FUSED_FLAG)) return `the flag ${USE_FUSED_FLAG} is false`;
  const depth = gradientDepth();
  if (depth === null) return 'this version of tfjs does not reveal whether gradients are being computed';
  if (depth > 1) return 'gradients of gradients are being computed';
  const candidates = candidatesOfBackend();
  const preferred =
    preference === null || goesBackBySteps ? null : findPreferred(candidates, problem, isDemanded, preference);
  if (preferred !== null) return preferred;
  const refusalBy = (fusedKernel: FusedKernel) =>
    goesBackBySteps && fusedKernel.backwardBySteps === undefined
      ? `the fused kernel ${fusedKernel.name} does not tell what its backward pass comes by`
      : fusedKernel.refusal(problem);
  let refusal = `there is no fused kernel for the backend '${tf.getBackend()}'`;
  /** Not asked yet: what is slower need not be checked. */
  const outrun: FusedKernel[] = [];
  for (const { fusedKernelOf, isOutrun, isOnlyPreferred } of candidates) {
    if (isOnlyPreferred) continue;
    const fusedKernel = fusedKernelOf();
    if (isOutrun?.(problem)) {
      outrun.unshift(fusedKernel);
      continue;
    }
    const reason = refusalBy(fusedKernel);
    if (reason === null) return fusedKernel;
    refusal = reason;
  }
  const [last] = outrun;
  if (last !== undefined && last === candidates.at(-1)?.fusedKernelOf()) {
    refusal = refusalBy(last) ?? `plain ops are faster than the fused kernel ${last.name} here`;
  }
  const slower = isDemanded ? outrun.find((fusedKernel) => refusalBy(fusedKernel) === null) : undefined;
  return slower ?? refusal;
}

/** The first of what is preferred that applies: a fused kernel, or why it is the plain path; null where nothing is. */
function findPreferred(
  candidates: readonly Candidate[],
  problem: FusedProblem,
  isDemanded: boolean,
  preferenceOf: Preference,
): FusedKernel | string | null {
  for (const name of preferenceOf(problem, isDemanded) ?? []) {
    if (name === REFERENCE && !isDemanded) return 'plain ops were measured to be the fastest here';
    const found = candidates
      .map(({ fusedKernelOf }) => fusedKernelOf())
      .find((fusedKernel) => fusedKernel.name === name);
    if (found?.refusal(problem) === null) return found;
  }
  return null;
}
