import * as tf from '@tensorflow/tfjs';
import { splitByGate } from '../../core/gates.js';
import { booleanMask } from '../../core/mask.js';
import type { ScanResult, StepTensors } from '../../core/scan.js';
import type { States } from '../../core/step.js';
import { tidy } from '../../core/tidy.js';
import { type GateTrace, traceSequence } from '../../layers/trace.js';
import { runSequence } from '../../sequence/run-sequence.js';
import { type Sequence, type SequenceCell, statesBefore } from '../../sequence/sequence.js';
import type { GradientFlow } from './flow-types.js';
import { stepJacobian } from './step-jacobian.js';
import { type Watch, type WatchedGradients, watchedGradients } from './watched-gradients.js';
import { weightGradients, weightTensors } from './weight-gradients.js';

/** How a sequence is run, and what comes of it. */
export interface FlowOptions {
  goBackwards: boolean;
  zeroOutputForMask: boolean;
  /** The loss of what the sequence gives: every output, the states and the gates, in the order of processing. */
  lossOf: (result: ScanResult) => tf.Scalar;
  /** What to call the loss, where `lossOf` only stands for it. */
  loss?: tf.Scalar;
  /** The error where there is no gradient: an operation that has none, or a loss that does not depend on the result. */
  refusal: (cause?: unknown) => Error;
}

type GradientOf = WatchedGradients<tf.Scalar>['gradientOf'];

/** Runs a cell over a sequence, without dropout, and follows the gradient of a loss back through it. */
export function sequenceFlow(cell: SequenceCell, sequence: Sequence, options: FlowOptions): GradientFlow {
  const { goBackwards, zeroOutputForMask, lossOf, refusal } = options;
  return tidy(() => {
    const x = tf.cast(sequence.x, 'float32');
    const states = statesBefore(sequence, cell.units).map((state) => tf.cast(state, 'float32')) as States;
    const own = { ...sequence, x, states };
    const steps: StepTensors[] = [];
    const forward = (watch: Watch) => {
      const watchStep = (step: StepTensors) => {
        steps[step.t] = step;
        for (const tensor of tensorsOf(step)) watch(tensor);
      };
      return runSequence(null, cell, own, {
        goBackwards,
        zeroOutputForMask,
        keepOutputs: true,
        keepGates: true,
        watchStep,
      });
    };
    const { gradientOf, value } = watchedGradients(
      [x, ...states, ...weightTensors(cell)],
      (watch) => lossOf(forward(watch)),
      refusal,
    );
    if (!steps.some((step) => tensorsOf(step).some((tensor) => gradientOf(tensor) !== null))) throw refusal();
    const orZeros = <T extends tf.Tensor>(tensor: T) => (gradientOf(tensor) ?? tf.zeros(tensor.shape)) as T;
    const trace = traceSequence(null, cell, own, { goBackwards });
    const parts = {
      ...flowThroughSteps(steps, gradientOf, trace),
      dx: orZeros(x),
      ...{ dh0: orZeros(states[0]), dc0: orZeros(states[1]) },
      outputSlope: outputSlopeOf(cell, trace),
      dWeights: weightGradients(cell, orZeros),
      loss: options.loss === undefined ? value : tf.clone(options.loss),
      ...{ trace, x, goBackwards },
      weights: weightTensors(cell).map((weight) => tf.clone(weight)),
    };
    return owned(parts, cell);
  });
}

function tensorsOf({ projectedInput, computed, selected, carried }: StepTensors): tf.Tensor[] {
  return [projectedInput, computed.h, computed.c, selected.h, selected.c, carried.h, carried.c];
}

/** The gradients of all steps, as sequences in the input's order. */
function flowThroughSteps(steps: StepTensors[], gradientOf: GradientOf, { h, mask }: GateTrace) {
  const [batch, , units] = h.shape;
  const sequence = (tensorOf: (step: StepTensors) => tf.Tensor2D, width = units): tf.Tensor3D => {
    const zeros = tf.zeros([batch, width]);
    return tf.stack(
      steps.map((step) => gradientOf(tensorOf(step)) ?? zeros),
      1,
    ) as tf.Tensor3D;
  };
  // What is computed at a masked step goes nowhere; there the state that is carried on is meant.
  const valid = mask === null ? null : tf.expandDims(booleanMask(mask), 2);
  const ofState = (state: 'h' | 'c') => {
    const computed = sequence((step) => step.computed[state]);
    return valid === null
      ? computed
      : (tf.where(
          valid,
          computed,
          sequence((step) => step.selected[state]),
        ) as tf.Tensor3D);
  };
  return {
    ...{ dh: ofState('h'), dc: ofState('c') },
    dz: splitByGate(sequence((step) => step.projectedInput, 4 * units)),
    dhRecurrent: sequence((step) => step.carried.h),
    dcCell: sequence((step) => step.carried.c),
  };
}

/** ∂h/∂c of h = o φ(c), the gates held. */
function outputSlopeOf(cell: SequenceCell, { o, c }: GateTrace): tf.Tensor3D {
  const [slope] = tf.grads((c) => tf.mul(o, cell.activation.apply(c)))([c]);
  return slope as tf.Tensor3D;
}

/** A flow that disposes what it is made of. */
function owned(parts: Omit<GradientFlow, 'stepJacobian' | 'dispose'>, cell: SequenceCell): GradientFlow {
  const { dWeights, trace, dz, weights, goBackwards: _, ...tensors } = parts;
  const flow: GradientFlow = {
    ...parts,
    stepJacobian: (t) => stepJacobian(flow, cell, t),
    dispose: () => {
      tf.dispose([...Object.values(tensors), ...Object.values(dz), ...weights]);
      dWeights.dispose();
      trace.dispose();
    },
  };
  return flow;
}
