import type * as tf from '@tensorflow/tfjs';
import { type KerasObject, kerasObject } from './describe-layer.js';
import { Elementwise, type ElementwiseOperation } from './layers/elementwise.js';
import { MaskFrom } from './layers/mask-from.js';
import { Reduction } from './layers/reduction.js';
import { type AxisSlice, TensorSlice } from './layers/tensor-slice.js';

/** What is a layer here and an operation on tensors in Keras. */
export interface DescribedOperation {
  operation: KerasObject;
  /** What it is called with, given its tensors in Keras's words. */
  argumentsOf(tensors: readonly object[]): unknown[];
}

const ELEMENTWISE: Readonly<Record<ElementwiseOperation, string>> = {
  abs: 'Absolute',
  add: 'Add',
  divide: 'Divide',
  exp: 'Exp',
  log: 'Log',
  maximum: 'Maximum',
  minimum: 'Minimum',
  multiply: 'Multiply',
  negative: 'Negative',
  power: 'Power',
  reciprocal: 'Reciprocal',
  rsqrt: 'Rsqrt',
  sqrt: 'Sqrt',
  square: 'Square',
  subtract: 'Subtract',
};

const REDUCTIONS = { max: 'Max', mean: 'Mean', min: 'Min', prod: 'Prod', sum: 'Sum' } as const;

/**
 * Says a layer that is an operation in Keras in Keras's words; null for any other layer, which a difference of masked tensors
 * is too: Keras's Subtract has a mask, its operation none.
 */
export function describeOperation(layer: tf.layers.Layer, name: string): DescribedOperation | null {
  const described = (className: string, config = {}): KerasObject => {
    const module = className === 'Rsqrt' ? 'keras.src.ops.math' : 'keras.src.ops.numpy';
    return kerasObject(module, className, Object.assign({ name }, config));
  };
  if (layer instanceof TensorSlice) {
    const key = layer.slices.map(describeSlice);
    return { operation: described('GetItem'), argumentsOf: ([x]) => [x, key] };
  }
  if (layer instanceof Elementwise && !hasMask(layer)) {
    const { operation, operands } = layer;
    const argumentsOf = (tensors: readonly object[]) => {
      const left = [...tensors];
      return operands.map((operand) => operand ?? left.shift());
    };
    return { operation: described(ELEMENTWISE[operation]), argumentsOf };
  }
  if (layer instanceof Reduction) {
    const { operation, axes, keepDims } = layer;
    const config = { axis: axes.length === 1 ? axes[0] : axes, keepdims: keepDims };
    return { operation: described(REDUCTIONS[operation], config), argumentsOf: ([x]) => [x] };
  }
  return null;
}

/** Whether what a layer computes is given a mask made of those of its inputs. */
function hasMask({ outboundNodes }: tf.layers.Layer): boolean {
  return outboundNodes.some(
    ({ outboundLayer }) => outboundLayer instanceof MaskFrom && !['none', 'ones'].includes(outboundLayer.combine),
  );
}

function describeSlice(slice: AxisSlice | 'ellipsis'): unknown {
  if (typeof slice === 'number') return slice;
  if (slice === 'ellipsis') return { class_name: '__ellipsis__', config: {} };
  return { class_name: '__slice__', config: slice };
}
