import { BLOCK_OUTPUTS, type BlockOutputs } from './block-lstm.js';
import { Graph, type GraphTensor, ofInteger, ofType } from './graph.js';

// The steps of a sequence, forward and backward, as loops over TensorFlow's ops. Which of a loop's results are computed is decided
// by what is asked for: TensorFlow leaves out what nobody reads.

/** A hard sigmoid is 0.2·z + 0.5 between 0 and 1; or 0.2·(z + 2.5), between 0 and 5 in the brackets. */
export const HARD_SLOPE = 0.2;
export const HARD_MIDDLE = 0.5;
export const HARD_SHIFT = 2.5;
const HARD_MOST = 5;

/** What there are graphs for. */
export interface StepKind {
  /** Whether the recurrent activation is a hard sigmoid; a sigmoid else. */
  isHard: boolean;
  isMasked: boolean;
}

/** Which gradients arrive at every step: of h, and of c and the gates. */
export interface Arrivals {
  atH: boolean;
  atGates: boolean;
}

/** What runs the steps of a kind forward. */
export function forwardGraphs(kind: StepKind): Uint8Array {
  const graph = new Graph();
  graph.part('samples', () => writeForward(graph, kind, gatesOfSamples(graph, kind)));
  graph.part('units', () => writeForward(graph, kind, gatesOfUnits(graph, kind)));
  return graph.finish();
}

/** What goes back through them, whatever arrives. */
export function backwardGraphs(kind: StepKind): Uint8Array {
  const graph = new Graph();
  for (const atH of [false, true]) {
    for (const atGates of [false, true]) {
      const arrivals = { atH, atGates };
      graph.part(backwardPart(arrivals), () => writeBackward(graph, kind, arrivals));
    }
  }
  return graph.finish();
}

export function backwardPart({ atH, atGates }: Arrivals): string {
  return `backward${atH ? '_h' : ''}${atGates ? '_gates' : ''}`;
}

type Gates = Record<'i' | 'f' | 'o' | 'g', GraphTensor>;
type GatesOf = (n: GraphTensor, h: GraphTensor) => Gates;

/** Given `timesteps`, `h0`, `c0`, `valid` if masked, and what the gates need; gives `h`, `c` and each of BLOCK_OUTPUTS as `every_…`. */
function writeForward(graph: Graph, { isMasked }: StepKind, gatesOf: GatesOf): void {
  const valid = isMasked ? graph.input('valid', 'bool') : null;
  const initial = [graph.input('h0'), graph.input('c0')];
  const shape = graph.shapeOf(initial[0] as GraphTensor);
  const shapes = Object.fromEntries(BLOCK_OUTPUTS.map((name) => [name, shape]));
  const { states, kept } = graph.loop(graph.input('timesteps', 'int32'), false, initial, shapes, (n, [h, c]) => {
    const [oldH, oldC] = [h, c] as [GraphTensor, GraphTensor];
    const { i, f, o, g } = gatesOf(n, oldH);
    const newC = graph.run('AddV2', graph.run('Mul', f, oldC), graph.run('Mul', i, g));
    const co = graph.run('Tanh', newC);
    const newH = graph.run('Mul', o, co);
    const isValid = valid && graph.step(valid, n);
    const ifValid = (value: GraphTensor, old: GraphTensor) => (isValid ? graph.select(isValid, value, old) : value);
    const after = { h: ifValid(newH, oldH), cs: ifValid(newC, oldC) };
    const kept: Record<keyof BlockOutputs, GraphTensor> = { i, f, o, ci: g, co, ...after };
    return { states: [after.h, after.cs], kept };
  });
  graph.output('h', states[0] as GraphTensor);
  graph.output('c', states[1] as GraphTensor);
  for (const [name, steps] of Object.entries(kept)) graph.output(`every_${name}`, steps);
}

/**
 * A row for each sample: `projected` [T, B, 4U] is x · kernel, `weights` the recurrent kernel, `bias` [4U], hard sigmoids' shift
 * included.
 */
function gatesOfSamples(graph: Graph, { isHard }: StepKind): GatesOf {
  const [projected, weights, bias] = [graph.input('projected'), graph.input('weights'), graph.input('bias')];
  const slope = graph.constant(HARD_SLOPE);
  const gate = (z: GraphTensor) =>
    isHard ? graph.run('Mul', between(graph, z, HARD_MOST), slope) : graph.run('Sigmoid', z);
  return (n, h) => {
    const sum = graph.run('AddV2', graph.run('MatMul', h, weights), graph.step(projected, n));
    const [i, f, g, o] = graph.split(1, 4, graph.run('BiasAdd', sum, bias)) as [
      GraphTensor,
      GraphTensor,
      GraphTensor,
      GraphTensor,
    ];
    return { i: gate(i), f: gate(f), o: gate(o), g: graph.run('Tanh', g) };
  };
}

/**
 * A row for each unit: `x` is [B, T, D], `one` [1, B] of ones, `weights` [4U, U + D + 1] those of h, x and the one, in blocks i, f, o,
 * g, hard sigmoids' slopes and middles among them, and `parts` is [3U, U].
 */
function gatesOfUnits(graph: Graph, { isHard }: StepKind): GatesOf {
  const [x, one, weights] = [graph.input('x'), graph.input('one'), graph.input('weights')];
  const parts = graph.input('parts', 'int32');
  const order = [x, graph.constant([1, 2, 0], 'int32')];
  const [columns] = graph.runOp('Transpose', order, ['float'], { T: ofType('float') }) as [GraphTensor];
  const ofSplit = { T: ofType('float'), Tlen: ofType('int32'), num_split: ofInteger(2) };
  return (n, h) => {
    const z = graph.run('MatMul', weights, graph.join(0, h, graph.step(columns, n), one));
    const inputs = [z, parts, graph.constant(0, 'int32')];
    const [ofGates, ofG] = graph.runOp('SplitV', inputs, ['float', 'float'], ofSplit) as [GraphTensor, GraphTensor];
    const gates = isHard ? between(graph, ofGates, 1) : graph.run('Sigmoid', ofGates);
    const [i, f, o] = graph.split(0, 3, gates) as [GraphTensor, GraphTensor, GraphTensor];
    return { i, f, o, g: graph.run('Tanh', ofG) };
  };
}

/** Clipped to what is between 0 and the most. */
function between(graph: Graph, z: GraphTensor, most: number): GraphTensor {
  return graph.run('ClipByValue', z, graph.constant(0), graph.constant(most));
}

/**
 * Given what the forward pass kept, `i`, `f`, `o`, `ci`, `co` and `cs`, [T, B, U] each, `timesteps`, `c0`, `weights`, the recurrent
 * kernel's transpose, and what arrives: `lastH` and `lastC` [B, U], `everyH`, `everyC` [T, B, U] and `everyZ` [T, B, 4U]; `valid` if masked.
 * Gives `dH0`, `dC0`, and of every step `dZ` and what arrived: from later steps, and in all, but for c by way of h.
 */
function writeBackward(graph: Graph, { isHard, isMasked }: StepKind, { atH, atGates }: Arrivals): void {
  const saved = (name: keyof BlockOutputs) => {
    const every = graph.input(name);
    return (n: GraphTensor) => graph.step(every, n);
  };
  const [everyI, everyF, everyO, everyG, everyCO] = [saved('i'), saved('f'), saved('o'), saved('ci'), saved('co')];
  const cells = graph.input('cs');
  const [everyH, everyC, everyZ] = [
    atH ? graph.input('everyH') : null,
    atGates ? graph.input('everyC') : null,
    atGates ? graph.input('everyZ') : null,
  ];
  const valid = isMasked ? graph.input('valid', 'bool') : null;
  const [c0, weights, zero] = [graph.input('c0'), graph.input('weights'), graph.constant(0)];
  const last = [graph.input('lastH'), graph.input('lastC')];
  const throughGate = isHard ? throughHardSigmoid : throughSigmoid;
  const shape = graph.shapeOf(c0);
  const ofGates = graph.runOp('Mul', [shape, graph.constant([1, 4], 'int32')], ['int32'], { T: ofType('int32') });
  const shapes = { dZ: ofGates[0] as GraphTensor, laterDH: shape, laterDC: shape, dH: shape, dC: shape };
  const { states, kept } = graph.loop(graph.input('timesteps', 'int32'), true, last, shapes, (n, later) => {
    const [laterDH, laterDC] = later as [GraphTensor, GraphTensor];
    const plus = (value: GraphTensor, steps: GraphTensor | null) =>
      steps ? graph.run('AddV2', value, graph.step(steps, n)) : value;
    const times = (a: GraphTensor, b: GraphTensor) => graph.run('Mul', a, b);
    const [dH, dC] = [plus(laterDH, everyH), plus(laterDC, everyC)];
    const [i, f, o, g, co] = [everyI(n), everyF(n), everyO(n), everyG(n), everyCO(n)];
    const dCell = graph.run('AddV2', dC, graph.run('TanhGrad', co, times(dH, o)));
    const dGates = [
      throughGate(graph, i, times(dCell, g)),
      throughGate(graph, f, times(dCell, graph.stepBefore(cells, n, c0))),
      graph.run('TanhGrad', g, times(dCell, i)),
      throughGate(graph, o, times(dH, co)),
    ];
    const dComputed = plus(graph.join(1, ...dGates), everyZ);
    const isValid = valid && graph.step(valid, n);
    // A masked step hands on what arrives, and nothing of it comes from its pre-activations.
    const dZ = isValid ? graph.select(isValid, dComputed, zero) : dComputed;
    const dBefore = graph.run('MatMul', dZ, weights);
    const states = isValid
      ? [graph.run('AddV2', dBefore, graph.select(isValid, zero, dH)), graph.select(isValid, times(dCell, f), dC)]
      : [dBefore, times(dCell, f)];
    return { states, kept: { dZ, laterDH, laterDC, dH, dC } };
  });
  graph.output('dH0', states[0] as GraphTensor);
  graph.output('dC0', states[1] as GraphTensor);
  for (const [name, steps] of Object.entries(kept)) graph.output(`every_${name}`, steps);
}

/** The gradient of a gate's pre-activation, from that of the gate. */
function throughSigmoid(graph: Graph, gate: GraphTensor, gradient: GraphTensor): GraphTensor {
  return graph.run('SigmoidGrad', gate, gradient);
}

/** None passes where the gate is 0 or 1: as with 0 and 6 of a relu6, for which TensorFlow has an op. */
function throughHardSigmoid(graph: Graph, gate: GraphTensor, gradient: GraphTensor): GraphTensor {
  const inside = graph.run('Relu6Grad', gradient, graph.run('Mul', gate, graph.constant(6)));
  return graph.run('Mul', inside, graph.constant(HARD_SLOPE));
}
