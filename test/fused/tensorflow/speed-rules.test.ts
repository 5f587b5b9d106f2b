import { parseShape } from '../../../benchmarks/shapes.js';
import type { FusedProblem } from '../../../src/fused/fused-kernel.js';
import { areOpsFaster, arePlainOpsFaster, areStepsFaster } from '../../../src/fused/tensorflow/speed-rules.js';
import { FUSED_PROBLEM } from '../support/fused-problem.js';

function problem(shape: string, changes: Partial<FusedProblem> = {}): FusedProblem {
  return { ...FUSED_PROBLEM, ...parseShape(shape), ...changes };
}

const training = { takesGradients: true };
const trainingOfGates = { takesGradients: true, keepsGates: true };

describe("TensorFlow's ops are held to be faster than the wasm module", () => {
  test.each([
    ['8x50x64x128', {}],
    ['32x50x64x128', { keepsGates: true }],
    ['32x1x16x16', training],
    ['32x50x64x128', training],
    ['8x20x512x512', training],
    ['32x50x64x128', trainingOfGates],
  ])('at %s, %j', (shape, changes) => {
    expect(areOpsFaster(problem(shape, changes))).toBe(true);
  });
});

describe('A graph of plain ops is held to be faster than the LSTM ops, which join many weights', () => {
  test.each([
    ['8x20x700x700', {}],
    ['8x20x700x700', { keepsGates: true }],
    ['8x20x700x700', training],
    ['1x1x2048x2048', {}],
  ])('at %s, %j', (shape, changes) => {
    const one = problem(shape, changes);
    expect([areOpsFaster(one), areStepsFaster(one)]).toEqual([false, true]);
  });
});

describe('The wasm module is held to be faster', () => {
  test.each([
    ['1x100x100x100', {}],
    ['1x100x256x512', {}],
    ['1x1x1024x1024', {}],
    ['7x50x64x128', {}],
    ['8x50x32x64', {}],
    ['32x1x64x128', {}],
    ['7x50x64x128', { keepsGates: true }],
    ['31x50x16x32', training],
    ['30x50x64x128', training],
    ['7x20x512x512', training],
    ['1x100x256x512', training],
    ['32x50x64x32', trainingOfGates],
  ])('at %s, %j', (shape, changes) => {
    expect(areOpsFaster(problem(shape, changes))).toBe(false);
  });
});

describe("A graph of TensorFlow's plain ops is held to be faster than the wasm module", () => {
  test.each([
    ['8x20x1024x1024', {}, true],
    ['1x5x1024x1024', {}, false],
    ['1x1x2048x2048', {}, true],
    ['32x50x64x128', {}, true],
    ['32x50x64x128', training, true],
    ['31x50x64x128', {}, true],
    ['30x50x64x128', {}, false],
    ['30x50x64x128', training, false],
    ['8x20x512x512', {}, true],
    ['7x20x512x512', {}, false],
    ['64x16x90x256', { isMasked: true }, true],
    ['64x16x90x256', { keepsGates: true }, true],
    ['128x7x12x128', training, true],
    ['32x1x64x128', {}, false],
    ['32x1x64x128', training, false],
    ['32x2x64x128', {}, true],
  ])('at %s, %j: %j', (shape, changes, expected) => {
    expect(areStepsFaster(problem(shape, changes))).toBe(expected);
  });
});

describe('In training with many weights and few timesteps', () => {
  test.each([
    ['1x1x512x512', 'plain'],
    ['64x1x512x512', 'plain'],
    ['1x1x256x256', 'module'],
    ['1x2x1024x1024', 'steps'],
    ['1x10x1024x1024', 'steps'],
    ['1x11x1024x1024', 'module'],
    ['1x2x512x512', 'module'],
  ])('%s is held to be fastest by %s', (shape, fastest) => {
    const one = problem(shape, training);
    const found = areStepsFaster(one) ? 'steps' : arePlainOpsFaster(one) ? 'plain' : 'module';
    expect([areOpsFaster(one), found]).toEqual([false, fastest]);
  });
});

describe("Plain tfjs ops, where TensorFlow's do not apply, are held to be faster than the wasm module", () => {
  test.each([
    ['8x20x1024x1024', {}, true],
    ['8x20x1024x1024', training, false],
    ['8x20x512x512', {}, false],
    ['64x16x90x256', {}, false],
  ])('at %s, %j: %j', (shape, changes, expected) => {
    expect(arePlainOpsFaster(problem(shape, changes))).toBe(expected);
  });
});
