import * as tf from '@tensorflow/tfjs';
import type { ActivationName } from '../../core/activations.js';
import { tidy } from '../../core/tidy.js';
import { drawWebGL, requireWebGLContext } from '../../host/webgl-programs.js';
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
import { GPU_ACTIVATIONS } from '../gpu-activations.js';
import { gradientOfBias, gradientOfInput, gradientOfKernel, gradientOfWeights, projectSequence } from '../products.js';
import { refusalOfEquations } from '../refusal.js';
import { isRight } from '../self-check.js';
import * as shaders from './shaders.js';

/** The scan as programs of tfjs's webgl backend: one a timestep forward, and one a timestep backward. */
export class WebGLKernel implements FusedKernel {
  readonly name = 'webgl';
  private readonly checked = new WeakMap<tf.KernelBackend, boolean>();

  refusal(problem: FusedProblem): string | null {
    const refusal = refusalOfEquations(problem, GPU_ACTIVATIONS);
    if (refusal !== null) return refusal;
    if (tf.env().getNumber('WEBGL_VERSION') !== 2) return 'the fused kernel needs WebGL 2';
    if (!tf.env().getBool('WEBGL_LAZILY_UNPACK')) return 'the flag WEBGL_LAZILY_UNPACK is false';
    if (tf.env().getBool('ENGINE_COMPILE_ONLY')) return 'the flag ENGINE_COMPILE_ONLY is true';
    if (mostTexels(problem) > tf.env().getNumber('WEBGL_MAX_TEXTURE_SIZE') ** 2) {
      return 'the sequence is larger than a texture may be';
    }
    requireWebGLContext();
    const backend = tf.backend();
    if (!this.checked.has(backend)) {
      // Devices that render to float16 only are right to three digits.
      this.checked.set(backend, isRight(this, tf.env().getBool('WEBGL_RENDER_FLOAT32_ENABLED') ? 1e-4 : 5e-2));
    }
    return this.checked.get(backend) ? null : 'the fused kernel does not compute what it should on this device';
  }

  forward(inputs: FusedInputs, options: FusedOptions, forBackward: boolean): ForwardPass {
    const { keepOutputs, keepGates } = options;
    return tidy(() => {
      const run = new Run(inputs, options);
      const { batch, timesteps, units, even } = run;
      const recurrent = run.recurrentWeights();
      const projected = run.projectInput();
      const valid = inputs.mask && run.copy(inputs.mask, batch, timesteps);
      const dropout = run.recurrentDropout();
      const keeps = keepOutputs || keepGates || forBackward;
      let states = run.statesBefore();
      const all = [states];
      const step = shaders.forwardStep(run.variant);
      for (let n = 0; n < timesteps; n++) {
        const next = run.draw(step, { states, projected, recurrent, mask: valid, dropout }, [2 * batch, even], [n]);
        if (keeps) all.push(next);
        else states.dispose();
        states = next;
      }
      const last = (place: 0 | 1, mask: tf.Tensor | null) => run.state(states, place, mask, timesteps - 1);
      const h = last(0, null);
      const c = last(1, null);
      const zeroing = options.zeroOutputForMask ? valid : null;
      const lastOutput = zeroing === null ? tf.clone(h) : last(0, zeroing);
      if (!keeps) return { result: { lastOutput, h, c, outputs: null, gates: null }, saved: [] };
      const everyState = run.join(all);
      const sequence = (place: number, mask: tf.Tensor | null) => {
        const code = shaders.showState(mask !== null, true);
        const from = [0, place, 2 * batch];
        return run.draw(code, { states: everyState, mask }, [batch, timesteps, units], from) as tf.Tensor3D;
      };
      const outputs = keepOutputs ? sequence(0, zeroing) : null;
      if (!keepGates && !forBackward) return { result: { lastOutput, h, c, outputs, gates: null }, saved: [] };
      const inputsOfSteps = { projected, states: everyState, recurrent, dropout };
      const z = run.draw(shaders.preActivationsOfSteps(run.variant), inputsOfSteps, [batch * timesteps, 4 * even]);
      const gateSequence = (place: number) => {
        const code = shaders.showGate(run.variant);
        return run.draw(code, { z, mask: valid }, [batch, timesteps, units], [0, place]) as tf.Tensor3D;
      };
      const kept = !keepGates
        ? null
        : {
            i: gateSequence(0),
            f: gateSequence(1),
            g: gateSequence(2),
            o: gateSequence(3),
            c: sequence(1, null),
          };
      const saved = forBackward ? [everyState, z, recurrent, ...[valid, dropout].filter((one) => one !== null)] : [];
      requireWebGLContext();
      return { result: { lastOutput, h, c, outputs, gates: kept }, saved };
    });
  }

  backward(
    inputs: RecordedInputs,
    options: FusedOptions,
    saved: readonly tf.Tensor[],
    gradients: ResultGradients,
  ): InputGradients {
    const run = new Run(inputs, options);
    const { batch, timesteps, features, units, even } = run;
    const [states, z, recurrent, ...others] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, ...tf.Tensor[]];
    const valid = inputs.mask === null ? null : (others.shift() as tf.Tensor);
    const dropout = others[0] ?? null;
    const { dZ, dH0, dC0 } = tidy(() => backThroughTime(run, { states, z, recurrent, valid, dropout }, gradients));
    requireWebGLContext();
    const validRows = (x: tf.Tensor) =>
      valid === null ? x : run.draw(shaders.VALID_INPUT, { x, mask: valid }, x.shape, [0, 0, features]);
    const hiddens = (gate: number) => {
      const code = shaders.hiddensBefore(run.variant);
      return run.draw(code, { states, dropout }, [batch * timesteps, even], [0, gate]);
    };
    return {
      x: () => tidy(() => gradientOfInput(inputs, run.reblock(inputs.kernel, features), dZ)),
      h0: () => tf.clone(dH0),
      c0: () => tf.clone(dC0),
      kernel: () => tidy(() => run.cut(gradientOfKernel(inputs, dZ, validRows), features)),
      recurrentKernel: () => tidy(() => run.cut(gradientOfWeights(inputs.recurrentDropoutMasks, dZ, hiddens), units)),
      bias: () => tidy(() => tf.reshape(run.cut(gradientOfBias(dZ), 1), [-1])),
    };
  }
}

/** What the forward pass saved. */
interface Saved {
  /** [(T + 1)·2B, E] */
  states: tf.Tensor;
  /** [B·T, 4E] */
  z: tf.Tensor;
  /** [E, 4E] */
  recurrent: tf.Tensor;
  /** [B, T] */
  valid: tf.Tensor | null;
  /** [2B, 2E] */
  dropout: tf.Tensor | null;
}

/** The gradients of the pre-activations, [B·T, 4E], and of the states before the first step. */
function backThroughTime(
  run: Run,
  { states, z, recurrent, valid: mask, dropout }: Saved,
  { lastOutput, h, c, outputs, gates: ofGates }: ResultGradients,
): { dZ: tf.Tensor2D; dH0: tf.Tensor; dC0: tf.Tensor } {
  const { batch, timesteps, even, variant } = run;
  const rows = timesteps * 2 * batch;
  const zeroing = run.options.zeroOutputForMask ? mask : null;
  const factors = run.draw(shaders.factorsOfSteps(variant), { z, states, mask }, [rows, 3 * even]);
  const arrivals = { atOutputs: outputs !== null, atGates: ofGates !== null };
  const arriving =
    outputs === null && ofGates === null
      ? null
      : run.draw(shaders.arrivals(variant, arrivals, zeroing !== null), { outputs, mask, z, ...ofGates }, [
          rows,
          (ofGates === null ? 1 : 3) * even,
        ]);
  let carried = run.draw(
    shaders.lastGradients(zeroing !== null, arrivals),
    { h, lastOutput, c, factors, arriving, mask: zeroing },
    [2 * batch, even],
  );
  const step = shaders.backwardStep(variant, arrivals);
  const all: tf.Tensor[] = [];
  for (let n = timesteps - 1; n >= 0; n--) {
    all.push(carried);
    const read = { carried, factors, recurrent, dropout, arriving, mask };
    carried = run.draw(step, read, [2 * batch, even], [n]);
  }
  return {
    dH0: run.state(carried, 0, null, 0),
    dC0: run.state(carried, 1, null, 0),
    dZ: run.draw(shaders.preActivationGradients(arrivals), { carried: run.join(all), factors, arriving }, [
      batch * timesteps,
      4 * even,
    ]) as tf.Tensor2D,
  };
}

/** One pass over one sequence. */
class Run {
  readonly batch: number;
  readonly timesteps: number;
  readonly features: number;
  readonly units: number;
  /** U, or one more. */
  readonly even: number;
  readonly variant: shaders.Variant;

  constructor(
    private readonly inputs: FusedInputs,
    readonly options: FusedOptions,
  ) {
    const { x, kernel, mask, recurrentDropoutMasks } = inputs;
    [this.batch, this.timesteps, this.features] = x.shape;
    this.units = kernel.shape[1] / 4;
    this.even = this.units + (this.units % 2);
    this.variant = {
      activation: options.activation as ActivationName,
      recurrentActivation: options.recurrentActivation as ActivationName,
      isMasked: mask !== null,
      isDropped: recurrentDropoutMasks.length > 0,
    };
    requireWebGLContext();
  }

  /** @param place What the program is told: three numbers at most, zeros where left out. */
  draw(
    code: string,
    inputs: Readonly<Record<string, tf.Tensor | null>>,
    shape: readonly number[],
    [x = 0, y = 0, z = 0]: readonly number[] = [],
  ): tf.Tensor {
    const sizes = [this.batch, this.timesteps, this.units, this.even];
    const place = [x, y, z, Number(this.options.goBackwards)];
    return drawWebGL(code, inputs, { sizes, place }, shape);
  }

  /** x·W + b, [B·T, 4E]. */
  projectInput(): tf.Tensor {
    const { kernel, bias } = this.inputs;
    const offsets = bias && tf.reshape<tf.Rank.R1>(this.reblock(tf.reshape(bias, [1, -1]), 1), [-1]);
    return projectSequence(this.inputs, this.reblock(kernel, this.features), offsets);
  }

  /** [E, 4E], in a packed texture: otherwise each step would pack it. */
  recurrentWeights(): tf.Tensor {
    return this.reblocked(this.inputs.recurrentKernel, this.even, this.units, this.even);
  }

  /** [2B, 2E]: the dropout masks of i and f, beside those of g and o; null for none. */
  recurrentDropout(): tf.Tensor | null {
    const [first, second = first, third = first, fourth = first] = this.inputs.recurrentDropoutMasks;
    if (first === undefined) return null;
    const four = { a: first, b: second as tf.Tensor, c: third as tf.Tensor, d: fourth as tf.Tensor };
    return this.draw(shaders.interleave(true), four, [2 * this.batch, 2 * this.even]);
  }

  /** [2B, E]: h and c of each sample in turn. */
  statesBefore(): tf.Tensor {
    const { h0, c0 } = this.inputs;
    const shape: [number, number] = [2 * this.batch, this.even];
    if (h0 === null && c0 === null) return tf.zeros(shape);
    const orZeros = (state: tf.Tensor | null) => state ?? tf.zeros([this.batch, this.units]);
    return this.draw(shaders.interleave(false), { a: orZeros(h0), b: orZeros(c0) }, shape);
  }

  /** h (0) or c (1) of states [2B, E], as [B, U]; with a mask 0 where step n is masked. */
  state(states: tf.Tensor, place: 0 | 1, mask: tf.Tensor | null, n: number): tf.Tensor2D {
    const code = shaders.showState(mask !== null, false);
    const from = [n, place, -2 * n * this.batch];
    return this.draw(code, { states, mask }, [this.batch, this.units], from) as tf.Tensor2D;
  }

  /** A copy that is packed. */
  copy(matrix: tf.Tensor, rows: number, columns: number): tf.Tensor {
    return this.draw(shaders.REBLOCK, { weights: matrix }, [rows, columns], [columns, columns, rows]);
  }

  /** Weights [N, 4U] as [N, 4E]. */
  reblock(weights: tf.Tensor, rows: number): tf.Tensor2D {
    if (this.even === this.units) return weights as tf.Tensor2D;
    return this.reblocked(weights, rows, this.units, this.even);
  }

  /** [N or more, 4E] as [N, 4U]. */
  cut(gradient: tf.Tensor, rows: number): tf.Tensor {
    return this.even === this.units ? gradient : this.reblocked(gradient, rows, this.even, this.units);
  }

  /** Matrices of as many rows, one below the other. They are disposed. */
  join(parts: readonly tf.Tensor[]): tf.Tensor {
    if (parts.length === 1) return parts[0] as tf.Tensor;
    const rowsOfPart = (parts[0] as tf.Tensor).shape[0] as number;
    const joined: tf.Tensor[] = [];
    for (let first = 0; first < parts.length; first += shaders.PARTS) {
      const some = parts.slice(first, first + shaders.PARTS);
      const rows = some.reduce((sum, { shape }) => sum + (shape[0] as number), 0);
      const named: Record<string, tf.Tensor> = {};
      // Always as many, so that one program serves for any number.
      for (const [n, name] of shaders.partNames.entries()) named[name] = some[n] ?? (some[0] as tf.Tensor);
      joined.push(this.draw(shaders.JOIN, named, [rows, this.even], [rowsOfPart]));
    }
    tf.dispose([...parts]);
    return this.join(joined);
  }

  private reblocked(weights: tf.Tensor, rows: number, from: number, to: number): tf.Tensor2D {
    const place = [from, to, Math.min(rows, weights.shape[0] as number)];
    return this.draw(shaders.REBLOCK, { weights }, [rows, 4 * to], place) as tf.Tensor2D;
  }
}

/** Of the largest matrix: the factors of all steps, the input or the weights. */
function mostTexels({ batch, timesteps, features, units }: FusedProblem): number {
  const even = units + (units % 2);
  return Math.max(
    ((timesteps + 1) * batch * 3 * even) / 2,
    ((batch * timesteps + 1) * (features + 1)) / 4,
    Math.max(features, even) * even,
  );
}
