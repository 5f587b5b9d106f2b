import * as tf from '@tensorflow/tfjs';
import type { ActivationName } from '../../core/activations.js';
import { tidy } from '../../core/tidy.js';
import { openWebGPUPrograms, type WebGPUPrograms } from '../../host/webgpu-programs.js';
import type {
  ForwardPass,
  FusedInputs,
  FusedKernel,
  FusedOptions,
  FusedProblem,
  InputGradients,
  RecordedInputs,
  ResultGradients,
} from '../fused-kernel.js';
import { type ActivationsOfProgram, GPU_ACTIVATIONS, needPreActivations } from '../gpu-activations.js';
import { gradientOfBias, gradientOfInput, gradientOfKernel, gradientOfWeights, projectSequence } from '../products.js';
import { refusalOfEquations } from '../refusal.js';
import { isRightInTime } from '../self-check.js';
import * as shaders from './shaders.js';

/** Every device has as many in a workgroup. */
const MOST_THREADS = 256;
/** How many workgroups there may be on every device. */
const MOST_BATCH = 65535;
/** From this batch on, a workgroup takes several samples: each weight that it reads then serves all of them. */
const LARGE_BATCH = 17;
/** Multiplications that a workgroup may do in one go: what takes seconds, browsers and systems break off. */
const MOST_WORK = 2 ** 30;

/** The scan as one program of tfjs's webgpu backend, and one for its gradients. */
export class WebGPUKernel implements FusedKernel {
  readonly name = 'webgpu';
  private readonly checks = new WeakMap<tf.KernelBackend, { isRight: boolean | null; done: Promise<void> }>();

  /** @param mostWork With more, the sequence is cut, and one piece goes on where the one before ended. */
  constructor(private readonly mostWork = MOST_WORK) {}

  refusal(problem: FusedProblem): string | null {
    const { units, batch } = problem;
    const refusal = refusalOfEquations(problem, GPU_ACTIVATIONS);
    if (refusal !== null) return refusal;
    const programs = openWebGPUPrograms(tf.backend());
    if (programs === null) return 'this version of tfjs does not run programs of others as expected';
    programs.requireDevice();
    if (isCompilingOnly()) return 'the flag WEBGPU_ENGINE_COMPILE_ONLY is true';
    if (16 * units > programs.sharedBytes) {
      return `a workgroup shares memory for ${Math.floor(programs.sharedBytes / 16)} units only`;
    }
    if (batch > MOST_BATCH || mostBytes(problem) > programs.tensorBytes) {
      return 'the sequence is larger than the device lets a tensor be';
    }
    const { isRight } = this.check(programs);
    if (isRight === null) return 'the fused kernel is being checked';
    return isRight ? null : 'the fused kernel does not compute what it should on this device';
  }

  async prepare(): Promise<void> {
    const programs = openWebGPUPrograms(tf.backend());
    if (programs === null || isCompilingOnly()) return;
    programs.requireDevice();
    await this.check(programs).done;
  }

  /** Has the device checked, once; what programs compute can be read in time only. */
  private check(programs: WebGPUPrograms): { isRight: boolean | null; done: Promise<void> } {
    const backend = tf.backend();
    const known = this.checks.get(backend);
    if (known !== undefined) return known;
    const run = async () => {
      // Out of the tidy and the recording of gradients within which this may have been asked for.
      await Promise.resolve();
      // By then it may not be the current one any more, or nothing may run: that is no answer.
      if (currentBackend() !== backend || isCompilingOnly()) {
        this.checks.delete(backend);
        return;
      }
      programs.submit();
      check.isRight = await isRightInTime(this, 1e-4);
    };
    const check = { isRight: null as boolean | null, done: run() };
    this.checks.set(backend, check);
    return check;
  }

  forward(inputs: FusedInputs, options: FusedOptions, forBackward: boolean): ForwardPass {
    return tidy(() => {
      const run = new Run(inputs, options, this.mostWork);
      const { batch, timesteps, units } = run;
      const keepsAll = options.keepGates || forBackward;
      const keeps = keepsAll ? 'all' : options.keepOutputs || run.isZeroed ? 'h' : 'nothing';
      const zeroedAt = 4 + timesteps * (keepsAll ? (needPreActivations(run.variant) ? 10 : 6) : 1);
      const size = (keeps === 'nothing' ? 2 : zeroedAt) + (run.isZeroed ? timesteps + 1 : 0);
      const state = (given: tf.Tensor | null) => given ?? tf.zeros([batch, units]);
      const all = run.inPieces(
        shaders.forward(run.variant, keeps),
        {
          projected: [projectSequence(inputs, inputs.kernel, inputs.bias), 1],
          recurrent: [run.recurrentByUnit([0, 2, 1]), 4],
          h0: [state(inputs.h0), 1],
          c0: [state(inputs.c0), 1],
          mask: [inputs.mask, 1],
          dropout: [run.dropout(), 4],
        },
        size,
        { zeroedAt },
      );
      const one = (place: number) => run.region(all, place, 1, [batch, units]) as tf.Tensor2D;
      const sequence = (n: number) =>
        run.region(all, 4 + n * timesteps, timesteps, [batch, timesteps, units]) as tf.Tensor3D;
      const h = one(0);
      const outputs = run.isZeroed
        ? run.region(all, zeroedAt, timesteps, [batch, timesteps, units])
        : options.keepOutputs
          ? sequence(0)
          : null;
      return {
        result: {
          lastOutput: run.isZeroed ? one(zeroedAt + timesteps) : tf.clone(h),
          h,
          c: one(1),
          outputs: options.keepOutputs ? (outputs as tf.Tensor3D) : null,
          gates: !options.keepGates
            ? null
            : { i: sequence(2), f: sequence(3), g: sequence(4), o: sequence(5), c: sequence(1) },
        },
        saved: forBackward ? [all] : [],
      };
    });
  }

  backward(
    inputs: RecordedInputs,
    options: FusedOptions,
    [saved]: readonly tf.Tensor[],
    { lastOutput, h, c, outputs, gates }: ResultGradients,
  ): InputGradients {
    const run = new Run(inputs, options, this.mostWork, 1);
    const { batch, timesteps, units } = run;
    const all = tidy(() =>
      run.inPieces(
        shaders.backward(run.variant, outputs !== null, gates !== null),
        {
          recurrent: [run.recurrentByUnit([2, 0, 1]), 4],
          saved: [saved as tf.Tensor, 1],
          ends: [tf.concat([lastOutput, h, c]), 1],
          outputs: [outputs, 1],
          gates: [gates && tf.concat([gates.i, gates.f, gates.g, gates.o, gates.c], 2), 1],
          mask: [inputs.mask, 1],
          dropout: [run.dropout(), 4],
        },
        5 * timesteps + 2,
        { isBackward: true },
      ),
    );
    const dZ = run.region(all, 0, 4 * timesteps, [batch * timesteps, 4 * units]) as tf.Tensor2D;
    const { mask, recurrentDropoutMasks } = inputs;
    const validRows = (rows: tf.Tensor2D) =>
      mask === null ? rows : tf.where(tf.reshape(mask, [-1, 1]), rows, tf.zerosLike(rows));
    const hiddens = (gate: number) => {
      const before = run.region(all, 4 * timesteps + 2, timesteps, [batch, timesteps, units]);
      const dropoutMask = recurrentDropoutMasks[gate];
      const read = dropoutMask === undefined ? before : tf.mul(before, tf.expandDims(dropoutMask, 1));
      return tf.reshape(read, [batch * timesteps, units]);
    };
    return {
      x: () => gradientOfInput(inputs, inputs.kernel, dZ),
      h0: () => run.region(all, 4 * timesteps, 1, [batch, units]),
      c0: () => run.region(all, 4 * timesteps + 1, 1, [batch, units]),
      kernel: () => tidy(() => gradientOfKernel(inputs, dZ, validRows)),
      recurrentKernel: () => gradientOfWeights(recurrentDropoutMasks, dZ, hiddens),
      bias: () => tidy(() => tf.reshape(gradientOfBias(dZ), [-1])),
    };
  }
}

type Inputs = Parameters<WebGPUPrograms['run']>[0]['inputs'];

/** One pass over one sequence. */
class Run {
  readonly batch: number;
  readonly timesteps: number;
  readonly units: number;
  readonly isZeroed: boolean;
  readonly variant: shaders.Variant;
  private readonly programs: WebGPUPrograms;

  constructor(
    private readonly inputs: FusedInputs,
    private readonly options: FusedOptions,
    private readonly mostWork: number,
    mostRows = 4,
  ) {
    const { x, kernel, mask, recurrentDropoutMasks } = inputs;
    [this.batch, this.timesteps] = x.shape;
    this.units = kernel.shape[1] / 4;
    this.isZeroed = options.zeroOutputForMask && mask !== null;
    this.variant = {
      units: this.units,
      threads: Math.min(MOST_THREADS, 2 ** Math.ceil(Math.log2(this.units))),
      rows: this.batch < LARGE_BATCH ? 1 : mostRows,
      activation: options.activation as ActivationName,
      recurrentActivation: options.recurrentActivation as ActivationName,
      isMasked: mask !== null,
      isDropped: recurrentDropoutMasks.length > 0,
      isZeroed: this.isZeroed,
    };
    // It is open: the kernel is not chosen elsewhere.
    this.programs = openWebGPUPrograms(tf.backend()) as WebGPUPrograms;
    this.programs.requireDevice();
  }

  /** [U, U, 4] from [U, 4U], by the order of its axes: h before, gate, unit. */
  recurrentByUnit(order: [number, number, number]): tf.Tensor {
    return tf.transpose(tf.reshape(this.inputs.recurrentKernel, [this.units, 4, this.units]), order);
  }

  /** [B, U, 4]; null for none. */
  dropout(): tf.Tensor | null {
    const [first, second = first, third = first, fourth = first] = this.inputs.recurrentDropoutMasks;
    return first === undefined ? null : tf.stack([first, second, third, fourth] as tf.Tensor[], 2);
  }

  /** @param size Of what the program fills, in units of [B, U]. */
  inPieces(
    code: string,
    inputs: Inputs,
    size: number,
    { zeroedAt = 0, isBackward = false }: { zeroedAt?: number; isBackward?: boolean },
  ): tf.Tensor {
    const { batch, timesteps, units, variant } = this;
    const { threads, rows } = variant;
    const workOfStep = 4 * units * units * rows;
    const steps = Math.max(1, Math.floor(this.mostWork / workOfStep));
    const pieces = Math.ceil(timesteps / steps);
    const place = [Number(this.options.goBackwards), zeroedAt, 0, 0];
    let output: number | tf.Tensor = size * batch * units;
    for (let n = 0; n < pieces; n++) {
      const first = (isBackward ? pieces - 1 - n : n) * steps;
      const sizes = [batch, timesteps, first, Math.min(timesteps, first + steps)];
      const program = { code, inputs, uniforms: { sizes, place }, workgroups: Math.ceil(batch / rows), threads };
      output = this.programs.run(program, output);
    }
    return output as tf.Tensor;
  }

  /** A copy of a region of what a program left; place and size in units of [B, U]. */
  region(all: tf.Tensor, place: number, size: number, shape: number[]): tf.Tensor {
    const unit = this.batch * this.units;
    return tidy(() => tf.reshape(tf.slice(all, place * unit, size * unit), shape));
  }
}

/** Null while another one is being loaded. */
function currentBackend(): tf.KernelBackend | null {
  try {
    return tf.backend();
  } catch {
    return null;
  }
}

/** Whether tfjs compiles programs without running them. Whoever turns it on has registered the flag. */
function isCompilingOnly(): boolean {
  return tf.env().getFlags().WEBGPU_ENGINE_COMPILE_ONLY === true;
}

/** Of the largest tensor. */
function mostBytes(problem: FusedProblem): number {
  const { batch, timesteps, units, keepsGates, takesGradients } = problem;
  const keepsZ = needPreActivations(problem as FusedProblem & ActivationsOfProgram);
  const regions = (keepsGates || takesGradients ? (keepsZ ? 11 : 7) : 4) * timesteps + 5;
  return 4 * batch * units * Math.max(regions, 4 * timesteps);
}
