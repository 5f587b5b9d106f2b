import * as tf from '@tensorflow/tfjs';
import type { ActivationName } from '../../core/activations.js';
import { type ByGate, GATE_NAMES } from '../../core/quantities.js';
import type { GateDropoutMasks } from '../../core/weighted-sum.js';
import type {
  ForwardPass,
  FusedInputs,
  FusedKernel,
  FusedOptions,
  FusedProblem,
  InputGradients,
  RecordedInputs,
  ResultGradients,
  StepAdditions,
  StepGradients,
} from '../fused-kernel.js';
import { refusalOfEquations } from '../refusal.js';
import { ACTIVATION, FIELD, FIELD_COUNT } from './binaries.js';
import { canOpenHeap, execute, type Heap, type ModuleFunction, type Output, openHeap, ThreadsLost } from './heap.js';
import { type HiddenArray, hiddenArrayOf } from './hidden-arrays.js';
import type { Panels } from './kept-panels.js';
import { type Build, fastestBuild, withAdditions } from './module.js';

/** All that `core` knows. */
const ACTIVATION_NUMBERS: Record<ActivationName, number> = ACTIVATION;

/** The scan as one call into a WebAssembly module: in place on tfjs's wasm backend, with copies on any other. */
export class WasmKernel implements FusedKernel {
  readonly name: string;

  /** @param build Null where the engine can run none. */
  constructor(private readonly build: Build | null = fastestBuild()) {
    this.name = build === 'relaxed-simd' ? 'wasm-relaxed-simd' : 'wasm-simd';
  }

  refusal(problem: FusedProblem): string | null {
    const refusal = refusalOfEquations(problem, ACTIVATION_NUMBERS, true);
    if (refusal !== null) return refusal;
    const { additions = [] } = problem;
    if (this.build === null) return 'WebAssembly with SIMD is not available here';
    const build = additions.length === 0 ? this.build : withAdditions(this.build);
    if (build === null) return `the fused kernel for ${additions.join(', ')} comes with explicit-lstm/variants`;
    return canOpenHeap(build) ? null : 'WebAssembly is not allowed here';
  }

  forward(inputs: FusedInputs, options: FusedOptions, forBackward: boolean): ForwardPass {
    const { x, h0, c0, kernel, recurrentKernel, bias, mask } = inputs;
    const { keepOutputs, keepGates } = options;
    const [batch, timesteps] = x.shape;
    const units = kernel.shape[1] / 4;
    const hiddenUnits = recurrentKernel.shape[0];
    return this.call(inputs, options, (call) => {
      call.readKernels(inputs, forBackward);
      call.read(FIELD.x, x);
      if (h0 !== null) call.read(FIELD.h0, h0);
      if (c0 !== null) call.read(FIELD.c0, c0);
      if (bias !== null) call.read(FIELD.bias, bias);
      if (mask !== null) call.read(FIELD.mask, mask);
      call.readDropoutMasks(FIELD.inputDropoutMaskI, inputs.inputDropoutMasks);
      call.readDropoutMasks(FIELD.recurrentDropoutMaskI, inputs.recurrentDropoutMasks);
      call.readAdditions(inputs);
      const lastOutput = call.write<tf.Tensor2D>(FIELD.lastOutput, [batch, hiddenUnits]);
      const h = call.write<tf.Tensor2D>(FIELD.h, [batch, hiddenUnits]);
      const c = call.write<tf.Tensor2D>(FIELD.c, [batch, units]);
      const sequence = [batch, timesteps, units];
      const hiddenSequence = [batch, timesteps, hiddenUnits];
      const cells = keepGates || forBackward ? call.write<tf.Tensor3D>(FIELD.cells, sequence) : null;
      const hiddens = forBackward ? call.write<tf.Tensor3D>(FIELD.hiddens, hiddenSequence) : null;
      const savedGates = forBackward ? call.write(FIELD.savedGates, [batch, timesteps, 4 * units]) : null;
      // The outputs are the hidden states themselves, where masked steps do not output 0.
      const areOutputsHiddens = hiddens !== null && !(options.zeroOutputForMask && mask !== null);
      const outputs = !keepOutputs
        ? null
        : areOutputsHiddens
          ? hiddens
          : call.write<tf.Tensor3D>(FIELD.outputs, hiddenSequence);
      const gates = !keepGates
        ? null
        : {
            i: call.write<tf.Tensor3D>(FIELD.i, sequence),
            f: call.write<tf.Tensor3D>(FIELD.f, sequence),
            g: call.write<tf.Tensor3D>(FIELD.g, sequence),
            o: call.write<tf.Tensor3D>(FIELD.o, sequence),
          };
      call.run('forward');
      const cellTensor = (keepGates ? cells?.toTensor() : cells?.toSaved()) ?? null;
      const hiddenTensor = (areOutputsHiddens && keepOutputs ? hiddens.toTensor() : hiddens?.toSaved()) ?? null;
      return {
        result: {
          lastOutput: lastOutput.toTensor(),
          h: h.toTensor(),
          c: c.toTensor(),
          outputs: areOutputsHiddens && keepOutputs ? (hiddenTensor as tf.Tensor3D) : (outputs?.toTensor() ?? null),
          gates: gates && {
            i: gates.i.toTensor(),
            f: gates.f.toTensor(),
            g: gates.g.toTensor(),
            o: gates.o.toTensor(),
            c: cellTensor as tf.Tensor3D,
          },
        },
        saved: savedGates === null ? [] : [savedGates.toSaved(), cellTensor as tf.Tensor, hiddenTensor as tf.Tensor],
      };
    });
  }

  backward(
    inputs: RecordedInputs,
    options: FusedOptions,
    saved: readonly tf.Tensor[],
    gradients: ResultGradients,
  ): InputGradients {
    return this.goBack(inputs, options, saved, gradients).ofInputs;
  }

  /** In one call, so that nothing is copied from one product to the next. */
  backwardBySteps(
    inputs: RecordedInputs,
    options: FusedOptions,
    saved: readonly tf.Tensor[],
    gradients: ResultGradients,
  ): StepGradients {
    const { x, h0, kernel, recurrentKernel, bias } = inputs;
    const [, , hiddens] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
    const [batch, timesteps] = x.shape;
    return this.call(inputs, options, (call) => {
      const steps = prepareSteps(call, inputs, saved, gradients);
      call.read(FIELD.x, x);
      call.read(FIELD.h0, h0);
      call.read(FIELD.kernel, kernel);
      call.readSaved(FIELD.hiddens, hiddens);
      call.readDropoutMasks(FIELD.inputDropoutMaskI, inputs.inputDropoutMasks);
      const dZ = call.writeByGate<tf.Tensor3D>(FIELD.dZ, [batch, timesteps, kernel.shape[1]]);
      const dX = call.write<tf.Tensor3D>(FIELD.dX, x.shape);
      const dKernel = call.writeByGate<tf.Tensor2D>(FIELD.dKernel, kernel.shape);
      const dRecurrentKernel = call.writeByGate<tf.Tensor2D>(FIELD.dRecurrentKernel, recurrentKernel.shape);
      const dBias = bias && call.writeByGate<tf.Tensor1D>(FIELD.dBias, bias.shape);
      call.run('backward');
      call.run('inputGradient');
      call.run('kernelGradient');
      call.run('recurrentKernelGradient');
      if (bias !== null) call.run('biasGradient');
      return {
        x: dX.toTensor(),
        kernel: dKernel(),
        recurrentKernel: dRecurrentKernel(),
        bias: dBias?.() ?? null,
        dZ: dZ(),
        ...steps(),
      };
    });
  }

  /** The same without products over all timesteps, and with dZ as a whole, [B, T, 4U]. */
  protected goBackThroughSteps(
    inputs: RecordedInputs,
    options: FusedOptions,
    saved: readonly tf.Tensor[],
    gradients: ResultGradients,
  ): ThroughSteps & { dZ: tf.Tensor3D } {
    const { x, kernel } = inputs;
    return this.call(inputs, options, (call) => {
      const steps = prepareSteps(call, inputs, saved, gradients);
      const dZ = call.write<tf.Tensor3D>(FIELD.dZ, [x.shape[0], x.shape[1], kernel.shape[1]]);
      call.run('backward');
      return { dZ: dZ.toTensor(), ...steps() };
    });
  }

  /** On this thread alone, as the rows read the same samples. */
  backwardFromLast(
    inputs: RecordedInputs,
    options: FusedOptions,
    saved: readonly tf.Tensor[],
    dH: tf.Tensor2D,
  ): tf.Tensor3D {
    const { x, kernel } = inputs;
    const [batch, timesteps, features] = x.shape;
    const [rows, units] = dH.shape;
    const call = new ModuleCall(this.build as Build, inputs, options, rows);
    const none = tf.zeros(dH.shape);
    try {
      readRun(call, inputs, saved);
      call.read(FIELD.kernel, kernel);
      call.readNumber(FIELD.savedBatch, batch);
      call.read(FIELD.dH, dH);
      call.read(FIELD.dLastOutput, none);
      call.read(FIELD.dC, none);
      call.reserve(FIELD.dZ, rows * timesteps * kernel.shape[1]);
      call.reserve(FIELD.dH0, rows * units);
      call.reserve(FIELD.dC0, rows * units);
      const dX = call.write<tf.Tensor3D>(FIELD.dX, [rows, timesteps, features]);
      call.run('backward');
      call.run('inputGradient');
      return dX.toTensor();
    } finally {
      call.end();
      none.dispose();
    }
  }

  protected goBack(
    inputs: RecordedInputs,
    options: FusedOptions,
    saved: readonly tf.Tensor[],
    gradients: ResultGradients,
  ): { ofInputs: InputGradients; dZ: tf.Tensor } {
    const { x, h0, c0, kernel, recurrentKernel, mask } = inputs;
    const [savedGates, cells, hiddens] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
    const run = (name: ModuleFunction, read: (call: ModuleCall) => void, field: number, shape: number[]) =>
      this.compute(name, inputs, options, (call) => {
        read(call);
        const result = call.write(field, shape);
        return [() => result.toTensor()];
      })[0] as tf.Tensor;
    const { peepholes = null, projection = null } = inputs.additions ?? {};
    const [batch, timesteps] = x.shape;
    const [dZ, dH0, dC0, dProjected] = this.compute('backward', inputs, options, (call) => {
      readWayBack(call, inputs, saved, gradients);
      call.readAdditions(inputs);
      const steps = call.write(FIELD.dZ, [batch, timesteps, kernel.shape[1]]);
      const ofH0 = call.write(FIELD.dH0, h0.shape);
      const ofC0 = call.write(FIELD.dC0, c0.shape);
      const written = [() => steps.toSaved(), () => ofH0.toTensor(), () => ofC0.toTensor()];
      if (projection === null) return written;
      call.readSaved(FIELD.hiddens, hiddens);
      const projected = call.write(FIELD.dProjected, [batch, timesteps, projection.shape[1]]);
      return [...written, () => projected.toSaved()];
    }) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor | undefined];
    const readDZ = (call: ModuleCall) => {
      call.readSaved(FIELD.dZ, dZ);
      if (mask !== null) call.read(FIELD.mask, mask);
    };
    const fromX = (call: ModuleCall) => {
      readDZ(call);
      call.read(FIELD.x, x);
      call.readDropoutMasks(FIELD.inputDropoutMaskI, inputs.inputDropoutMasks);
    };
    const fromHiddens = (call: ModuleCall) => {
      readDZ(call);
      call.read(FIELD.h0, h0);
      call.readSaved(FIELD.hiddens, hiddens);
      call.readDropoutMasks(FIELD.recurrentDropoutMaskI, inputs.recurrentDropoutMasks);
    };
    const toX = (call: ModuleCall) => {
      call.readSaved(FIELD.dZ, dZ);
      call.read(FIELD.kernel, kernel);
      call.readDropoutMasks(FIELD.inputDropoutMaskI, inputs.inputDropoutMasks);
    };
    const toPeepholes = (call: ModuleCall) => {
      readDZ(call);
      call.read(FIELD.c0, c0);
      call.readSaved(FIELD.cells, cells);
    };
    const toProjection = (call: ModuleCall) => {
      call.readSaved(FIELD.dProjected, dProjected as tf.Tensor);
      call.readSaved(FIELD.savedGates, savedGates);
      call.readSaved(FIELD.cells, cells);
    };
    const blocks = kernel.shape[1];
    const ofInputs: InputGradients = {
      x: () => run('inputGradient', toX, FIELD.dX, x.shape),
      h0: () => tf.clone(dH0),
      c0: () => tf.clone(dC0),
      kernel: () => run('kernelGradient', fromX, FIELD.dKernel, kernel.shape),
      recurrentKernel: () => run('recurrentKernelGradient', fromHiddens, FIELD.dRecurrentKernel, recurrentKernel.shape),
      bias: () => run('biasGradient', (call) => call.readSaved(FIELD.dZ, dZ), FIELD.dBias, [blocks]),
      ...(peepholes && {
        peepholes: () => run('peepholeGradient', toPeepholes, FIELD.dPeepholes, peepholes.shape),
      }),
      ...(projection && {
        projection: () => run('projectionGradient', toProjection, FIELD.dProjection, projection.shape),
      }),
    };
    return { ofInputs, dZ };
  }

  /** Calls a function of the module with what `prepare` reads, and returns what it makes of what is written. */
  private compute(
    name: ModuleFunction,
    inputs: FusedInputs,
    options: FusedOptions,
    prepare: (call: ModuleCall) => (() => tf.Tensor)[],
  ): tf.Tensor[] {
    return this.call(inputs, options, (call) => {
      const written = prepare(call);
      call.run(name);
      return written.map((toTensor) => toTensor());
    });
  }

  /** Makes a call; and if threads were lost in it once more, for which there is only this one. */
  private call<Result>(inputs: FusedInputs, options: FusedOptions, use: (call: ModuleCall) => Result): Result {
    const attempt = () => {
      const call = new ModuleCall(this.build as Build, inputs, options);
      try {
        return use(call);
      } finally {
        call.end();
      }
    };
    try {
      return attempt();
    } catch (error) {
      if (!(error instanceof ThreadsLost)) throw error;
      return attempt();
    }
  }
}

/** What every way back through the steps reads of the run that it goes back over. */
function readRun(
  call: ModuleCall,
  { c0, recurrentKernel, mask }: RecordedInputs,
  [savedGates, cells]: readonly tf.Tensor[],
): void {
  call.read(FIELD.c0, c0);
  call.read(FIELD.recurrentKernel, recurrentKernel);
  if (mask !== null) call.read(FIELD.mask, mask);
  call.readSaved(FIELD.savedGates, savedGates as tf.Tensor);
  call.readSaved(FIELD.cells, cells as tf.Tensor);
}

/** The same with what reaches its results. */
function readWayBack(
  call: ModuleCall,
  inputs: RecordedInputs,
  saved: readonly tf.Tensor[],
  gradients: ResultGradients,
): void {
  readRun(call, inputs, saved);
  call.readDropoutMasks(FIELD.recurrentDropoutMaskI, inputs.recurrentDropoutMasks);
  readGradients(call, gradients);
}

/** What a way back comes by before any product over all timesteps. */
type ThroughSteps = Pick<StepGradients, 'h0' | 'c0' | 'dH' | 'dC' | 'laterDH' | 'laterDC' | 'outputSlope'>;

/**
 * Has the way back keep what it comes by.
 *
 * @returns What makes tensors of it, to be called once, after the function ran.
 */
function prepareSteps(
  call: ModuleCall,
  inputs: RecordedInputs,
  saved: readonly tf.Tensor[],
  gradients: ResultGradients,
): () => ThroughSteps {
  const { x, h0, c0, kernel } = inputs;
  readWayBack(call, inputs, saved, gradients);
  const write = (field: number) =>
    call.write<tf.Tensor3D>(field, [x.shape[0], x.shape[1], kernel.shape[1] / GATE_NAMES.length]);
  const dH0 = call.write<tf.Tensor2D>(FIELD.dH0, h0.shape);
  const dC0 = call.write<tf.Tensor2D>(FIELD.dC0, c0.shape);
  const laterDH = write(FIELD.laterDH);
  const laterDC = write(FIELD.laterDC);
  const dH = write(FIELD.totalDH);
  const dC = write(FIELD.totalDC);
  const outputSlope = write(FIELD.outputSlope);
  return () => ({
    h0: dH0.toTensor(),
    c0: dC0.toTensor(),
    dH: dH.toTensor(),
    dC: dC.toTensor(),
    laterDH: laterDH.toTensor(),
    laterDC: laterDC.toTensor(),
    outputSlope: outputSlope.toTensor(),
  });
}

function readGradients(call: ModuleCall, { lastOutput, h, c, outputs, gates }: ResultGradients): void {
  call.read(FIELD.dLastOutput, lastOutput);
  call.read(FIELD.dH, h);
  call.read(FIELD.dC, c);
  if (outputs !== null) call.read(FIELD.dOutputs, outputs);
  if (gates === null) return;
  call.read(FIELD.dI, gates.i);
  call.read(FIELD.dF, gates.f);
  call.read(FIELD.dG, gates.g);
  call.read(FIELD.dO, gates.o);
  call.read(FIELD.dCells, gates.c);
}

/** Whether there is anything beyond the six equations. */
function isAnyThere({ isCoupled, peepholes, projection, gateClip, cellClip }: StepAdditions): boolean {
  return isCoupled || [peepholes, projection, gateClip, cellClip].some((addition) => addition !== null);
}

/** Of one call after the other: making an array of them takes longer than to fill it in. */
const fieldsOfCalls = new Uint32Array(FIELD_COUNT);
const numbersOfCalls = new Float32Array(fieldsOfCalls.buffer);

/** One call into the module: its fields, as they are filled in. */
class ModuleCall {
  private readonly heap: Heap;
  private readonly fields = fieldsOfCalls.fill(0);
  /** Those that the call packs. */
  private readonly packed: Panels[] = [];

  /** @param rows Of so many samples, on this thread; null for as many as x has. */
  constructor(build: Build, inputs: FusedInputs, options: FusedOptions, rows: number | null = null) {
    const { x, kernel, inputDropoutMasks, recurrentDropoutMasks, additions } = inputs;
    const hasAdditions = additions !== undefined && isAnyThere(additions);
    const [batch, timesteps, features] = x.shape;
    const units = kernel.shape[1] / 4;
    const size = rows === null ? { batch, timesteps, features, units } : null;
    this.heap = openHeap(hasAdditions ? (withAdditions(build) as Build) : build, size);
    const { fields } = this;
    fields[FIELD.batch] = rows ?? batch;
    fields[FIELD.timesteps] = timesteps;
    fields[FIELD.features] = features;
    fields[FIELD.units] = units;
    fields[FIELD.activation] = ACTIVATION_NUMBERS[options.activation as ActivationName];
    fields[FIELD.recurrentActivation] = ACTIVATION_NUMBERS[options.recurrentActivation as ActivationName];
    fields[FIELD.goBackwards] = Number(options.goBackwards);
    fields[FIELD.zeroOutputForMask] = Number(options.zeroOutputForMask);
    fields[FIELD.inputDropoutMaskCount] = inputDropoutMasks.length;
    fields[FIELD.recurrentDropoutMaskCount] = recurrentDropoutMasks.length;
    if (!hasAdditions) return;
    const { projection, isCoupled, gateClip, cellClip, projectionClip } = additions;
    fields[FIELD.hasAdditions] = 1;
    fields[FIELD.isCoupled] = Number(isCoupled);
    fields[FIELD.projectionUnits] = projection === null ? 0 : projection.shape[1];
    numbersOfCalls[FIELD.gateClip] = gateClip ?? Number.POSITIVE_INFINITY;
    numbersOfCalls[FIELD.cellClip] = cellClip ?? Number.POSITIVE_INFINITY;
    numbersOfCalls[FIELD.projectionClip] = projectionClip ?? Number.POSITIVE_INFINITY;
  }

  readNumber(field: number, value: number): void {
    this.fields[field] = value;
  }

  read(field: number, tensor: tf.Tensor): void {
    this.fields[field] = this.heap.input(tensor);
  }

  /** Reads what an earlier call has saved. */
  readSaved(field: number, tensor: tf.Tensor): void {
    const array = hiddenArrayOf(tensor);
    this.fields[field] = array === null ? this.heap.input(tensor) : this.addressOf(array);
  }

  private addressOf({ memory, address, size }: HiddenArray): number {
    const { heap } = this;
    if (memory.buffer === heap.view().buffer) return address;
    // The threads that wrote it have been ended since.
    const here = heap.reserve(4 * size);
    new Float32Array(heap.view().buffer, here, size).set(new Float32Array(memory.buffer, address, size));
    return here;
  }

  /**
   * Reads the kernels, or takes the panels of them that are kept. To be called before anything else.
   *
   * @param forBackward Whether this is training, which changes the weights before they are wanted again.
   */
  readKernels(inputs: FusedInputs, forBackward: boolean): void {
    const { kernel, recurrentKernel, inputDropoutMasks, recurrentDropoutMasks } = inputs;
    this.heap.keptPanels?.beginCall();
    const panels = this.panelsOf(kernel, inputDropoutMasks, forBackward);
    const recurrentPanels = this.panelsOf(recurrentKernel, recurrentDropoutMasks, forBackward);
    this.readKernel(FIELD.kernel, FIELD.kernelPanels, FIELD.isKernelPacked, kernel, panels);
    this.readKernel(
      FIELD.recurrentKernel,
      FIELD.recurrentPanels,
      FIELD.isRecurrentKernelPacked,
      recurrentKernel,
      recurrentPanels,
    );
  }

  private panelsOf(weights: tf.Tensor2D, dropoutMasks: GateDropoutMasks, forBackward: boolean): Panels | null {
    const { keptPanels, exports } = this.heap;
    // With a dropout mask for each gate, panels are of one gate each.
    if (keptPanels === undefined || dropoutMasks.length > 1) return null;
    if (forBackward) return keptPanels.find(weights);
    return keptPanels.want(weights, (rows, columns) => exports.weightPanelsBytes(rows, columns, 0));
  }

  private readKernel(
    field: number,
    panelsField: number,
    isPackedField: number,
    kernel: tf.Tensor2D,
    panels: Panels | null,
  ): void {
    if (panels !== null) {
      this.fields[panelsField] = panels.address;
      this.fields[isPackedField] = Number(panels.isPacked);
      if (panels.isPacked) return;
      this.packed.push(panels);
    }
    this.read(field, kernel);
  }

  readAdditions({ additions }: FusedInputs): void {
    if (additions === undefined) return;
    const { peepholes, projection } = additions;
    if (peepholes !== null) this.read(FIELD.peepholes, peepholes);
    if (projection !== null) this.read(FIELD.projection, projection);
  }

  /** @param first The field of the first of four. */
  readDropoutMasks(first: number, dropoutMasks: GateDropoutMasks): void {
    for (let n = 0; n < dropoutMasks.length; n++) this.read(first + n, dropoutMasks[n] as tf.Tensor);
  }

  /** Memory for floats that nobody reads after the call. */
  reserve(field: number, size: number): void {
    this.fields[field] = this.heap.reserve(Float32Array.BYTES_PER_ELEMENT * size);
  }

  write<T extends tf.Tensor>(field: number, shape: number[]): Output<T> {
    const output = this.heap.output(shape) as Output<T>;
    this.fields[field] = output.address;
    return output;
  }

  /**
   * The same for an array with blocks i, f, g, o in its last axis, of which each is to be a tensor.
   *
   * @returns What makes them, to be called once, after the function ran.
   */
  writeByGate<T extends tf.Tensor>(field: number, shape: number[]): () => ByGate<T> {
    const width = (shape.at(-1) as number) / GATE_NAMES.length;
    const size = tf.util.sizeFromShape(shape);
    this.reserve(field, size);
    const whole = this.fields[field] as number;
    const blocks = GATE_NAMES.map(() => this.heap.output([...shape.slice(0, -1), width]) as Output<T>);
    return () => {
      const [i, f, g, o] = blocks.map((block, gate) => {
        const from = whole + Float32Array.BYTES_PER_ELEMENT * gate * width;
        this.heap.exports.copyBlock(block.address, from, size / width / GATE_NAMES.length, width);
        return block.toTensor();
      }) as [T, T, T, T];
      return { i, f, g, o };
    };
  }

  run(name: ModuleFunction): void {
    execute(this.heap, name, this.fields);
    for (const panels of this.packed) panels.isPacked = true;
  }

  end(): void {
    if (this.packed.length > 0) this.heap.keptPanels?.endCall();
    this.heap.release();
  }
}
