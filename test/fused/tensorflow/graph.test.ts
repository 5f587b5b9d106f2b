import * as tf from '@tensorflow/tfjs';
import { Graph, type GraphTensor, ofType, TAG } from '../../../src/fused/tensorflow/graph.js';
import { useBackend } from '../../../tools/backends.js';
import { expectClose } from '../../support/close.js';
import { randomTensor } from '../../support/random.js';

interface NativeBackend extends tf.KernelBackend {
  executeMultipleOutputs(name: string, attributes: object[], inputs: tf.Tensor[], outputs: number): tf.Tensor[];
  loadSavedModelMetaGraph(folder: string, tags: string): number;
  runSavedModel(session: number, inputs: tf.Tensor[], places: object[], outputs: string[]): tf.Tensor[];
  deleteSavedModel(session: number): void;
}

let written = 0;

/** Has TensorFlow run a graph. */
function run(write: (graph: Graph) => void, inputs: Record<string, tf.Tensor>, outputs: string[]): tf.Tensor[] {
  const backend = tf.backend() as NativeBackend;
  const graph = new Graph();
  write(graph);
  written += 1;
  const folder = `ram://graph-test-${process.pid}-${Date.now()}-${written}`;
  const file = [tf.scalar(`${folder}/saved_model.pb`, 'string'), tf.scalar(graph.finish() as never, 'string')];
  backend.executeMultipleOutputs('WriteFile', [], file, 0);
  const session = backend.loadSavedModelMetaGraph(folder, TAG);
  const places = Object.keys(inputs).map((name) => ({ name: `${name}:0` }));
  const results = backend.runSavedModel(
    session,
    Object.values(inputs),
    places,
    outputs.map((name) => `${name}:0`),
  );
  backend.deleteSavedModel(session);
  return results;
}

const steps = (count: number) => tf.scalar(count, 'int32');
const only = ([one]: GraphTensor[]) => one as GraphTensor;

beforeAll(() => useBackend('tensorflow'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

describe('A loop of a graph', () => {
  test.each([false, true])(
    'sums the steps of a sequence, and keeps the sums in their order, backwards: %j',
    (isBackwards) => {
      const x = randomTensor([5, 2, 3], 1);
      const write = (graph: Graph) => {
        const [sequence, start] = [graph.input('x'), graph.input('first')];
        const shapes = { before: graph.shapeOf(start), after: graph.shapeOf(start) };
        const { states, kept } = graph.loop(graph.input('count', 'int32'), isBackwards, [start], shapes, (n, [sum]) => {
          const next = graph.run('AddV2', sum as GraphTensor, graph.step(sequence, n));
          return { states: [next], kept: { before: sum as GraphTensor, after: next } };
        });
        graph.output('sum', only(states));
        graph.output('before', kept.before as GraphTensor);
        graph.output('after', kept.after as GraphTensor);
      };
      const first = randomTensor([2, 3], 2);
      const [sum, before, after] = run(write, { x, count: steps(5), first }, ['sum', 'before', 'after']);
      const rows = tf.unstack(x);
      if (isBackwards) rows.reverse();
      const sums = [first];
      for (const row of rows) sums.push(tf.add(sums.at(-1) as tf.Tensor, row));
      const inOrder = (list: tf.Tensor[]) => tf.stack(isBackwards ? [...list].reverse() : list);
      expectClose(sum as tf.Tensor, sums.at(-1) as tf.Tensor, 1e-6);
      expectClose(before as tf.Tensor, inOrder(sums.slice(0, -1)), 1e-6);
      expectClose(after as tf.Tensor, inOrder(sums.slice(1)), 1e-6);
    },
  );

  test('reads the step before, and what was there before the first', () => {
    const [x, first] = [randomTensor([4, 3], 3), randomTensor([3], 4)];
    const write = (graph: Graph) => {
      const [sequence, given] = [graph.input('x'), graph.input('first')];
      const { kept } = graph.loop(graph.input('count', 'int32'), false, [], { before: graph.shapeOf(given) }, (n) => ({
        states: [],
        kept: { before: graph.stepBefore(sequence, n, given) },
      }));
      graph.output('before', kept.before as GraphTensor);
    };
    const [before] = run(write, { x, first, count: steps(4) }, ['before']);
    expectClose(before as tf.Tensor, tf.concat([tf.expandDims(first), tf.slice(x, 0, 3)]), 0);
  });

  test('has constants and whatever is outside within it, and can be followed by another', () => {
    const write = (graph: Graph) => {
      const x = graph.input('x');
      const count = graph.input('count', 'int32');
      const twice = graph.run('AddV2', x, x);
      const grow = (from: GraphTensor) =>
        only(
          graph.loop(count, false, [from], {}, (_, [value]) => ({
            states: [graph.run('AddV2', graph.run('Mul', value as GraphTensor, graph.constant(3)), twice)],
            kept: {},
          })).states,
        );
      graph.output('y', grow(grow(x)));
    };
    const [y] = run(write, { x: tf.tensor1d([1, -2]), count: steps(2) }, ['y']);
    // ((1·3 + 2)·3 + 2) = 17, and once more 17·9 + 8.
    expectClose(y as tf.Tensor, tf.tensor1d([161, -322]), 0);
  });
});

test('A graph joins, splits and selects', () => {
  const [a, b] = [randomTensor([2, 3], 5), randomTensor([4, 3], 6)];
  const write = (graph: Graph) => {
    const joined = graph.join(0, graph.input('a'), graph.input('b'));
    graph.output('joined', joined);
    const [, second] = graph.split(0, 3, joined) as [GraphTensor, GraphTensor];
    graph.output('second', second);
    graph.output('selected', graph.select(graph.input('condition', 'bool'), second, graph.constant(7)));
  };
  const condition = tf.tensor2d([[1], [0]], [2, 1], 'bool');
  const [joined, second, selected] = run(write, { a, b, condition }, ['joined', 'second', 'selected']);
  const expected = tf.concat([a, b]);
  expectClose(joined as tf.Tensor, expected, 0);
  expectClose(second as tf.Tensor, tf.slice(expected, 2, 2), 0);
  expectClose(selected as tf.Tensor, tf.concat([tf.slice(expected, 2, 1), tf.fill([1, 3], 7)]), 0);
});

test('Parts of a graph have inputs and outputs of their own', () => {
  const write = (graph: Graph) => {
    for (const [name, factor] of [
      ['a', 2],
      ['b', 5],
    ] as const) {
      graph.part(name, () => graph.output('y', graph.run('Mul', graph.input('x'), graph.constant(factor))));
    }
  };
  const [y] = run(write, { 'b/x': tf.tensor1d([3]) }, ['b/y']);
  expectClose(y as tf.Tensor, tf.tensor1d([15]), 0);
});

test('Constants are vectors where they are given as such', () => {
  const write = (graph: Graph) => {
    const order = graph.constant([1, 2, 0], 'int32');
    graph.output('y', only(graph.runOp('Transpose', [graph.input('x'), order], ['float'], { T: ofType('float') })));
    graph.output('v', graph.run('AddV2', graph.constant([0.5, -1.5]), graph.constant([1, 2])));
  };
  const x = randomTensor([2, 3, 4], 7);
  const [y, v] = run(write, { x }, ['y', 'v']);
  expectClose(y as tf.Tensor, tf.transpose(x, [1, 2, 0]), 0);
  expectClose(v as tf.Tensor, tf.tensor1d([1.5, 0.5]), 0);
});
