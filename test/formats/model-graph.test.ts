import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { FileError } from '../../src/formats/file-error.js';
import { requireOrderedGraphs } from '../../src/formats/model-graph.js';
import { lstm } from '../../src/index.js';
import { useBackend } from '../../tools/backends.js';

beforeAll(() => useBackend('cpu'));

type Call = [layer: string, call: number];

/** A layer as tfjs describes it, with one node for each list of calls that it takes its inputs from. */
function layer(name: string, ...nodes: Call[][]) {
  const inbound = nodes.map((calls) => calls.map(([from, call]) => [from, call, 0, {}]));
  return { class_name: 'Add', name, config: {}, inbound_nodes: inbound };
}
const input = (name: string) => ({ class_name: 'InputLayer', name, config: {}, inbound_nodes: [] });
const graph = (...layers: object[]) => ({ class_name: 'Functional', config: { name: 'model', layers } });
const check = (topology: unknown) => requireOrderedGraphs(topology, 'modelTopology');

describe('requireOrderedGraphs', () => {
  test('takes models of tfjs: shared layers, nested models and several calls', () => {
    const x = tf.input({ shape: [4, 3], name: 'x' });
    const shared = lstm({ units: 3, returnSequences: true, name: 'shared' });
    const inner = tf.sequential({ name: 'inner', layers: [tf.layers.dense({ units: 3, inputShape: [4, 3] })] });
    const once = shared.apply(inner.apply(x)) as tf.SymbolicTensor;
    const twice = shared.apply(tf.layers.add().apply([once, x])) as tf.SymbolicTensor;
    const model = tf.model({ inputs: x, outputs: inner.apply(twice) as tf.SymbolicTensor });
    const topology: unknown = model.toJSON(null, false);
    expect(() => check(topology)).not.toThrow();
    // In tfjs's spelling, too.
    const spelt = JSON.parse(
      JSON.stringify(topology).replaceAll('inbound_nodes', 'inboundNodes').replaceAll('class_name', 'className'),
    );
    expect(() => check(spelt)).not.toThrow();
    model.dispose();
  });

  test('takes any order of layers, where each has its inputs in the end', () => {
    const chain = [
      input('x'),
      ...Array.from({ length: 6 }, (_, n) => layer(`l${n}`, [[n === 0 ? 'x' : `l${n - 1}`, 0]])),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(chain, { minLength: chain.length }), (layers) => {
        expect(() => check(graph(...layers))).not.toThrow();
      }),
    );
  });

  test.each<[string, object]>([
    ['a layer that feeds itself', graph(input('x'), layer('a', [['a', 0]]))],
    ['two that feed each other', graph(input('x'), layer('a', [['b', 0]]), layer('b', [['a', 0]]))],
    ['a layer that is not there', graph(input('x'), layer('a', [['y', 0]]))],
    ['a call that is never made', graph(input('x'), layer('a', [['x', 0]]), layer('b', [['a', 1]]))],
    ['an input of an input', graph(input('x'), layer('a', [['x', 1]]))],
    [
      'one of two inputs',
      graph(
        input('x'),
        layer('a', [
          ['x', 0],
          ['b', 0],
        ]),
        layer('b', [['a', 0]]),
      ),
    ],
    [
      'a graph in a graph',
      graph(input('x'), {
        class_name: 'TimeDistributed',
        name: 't',
        config: { layer: graph(layer('a', [['a', 0]])) },
        inbound_nodes: [],
      }),
    ],
    ['a graph under model_config', { model_config: graph(layer('a', [['a', 0]])) }],
  ])('refuses %s', (_, topology) => {
    expect(() => check(topology)).toThrow(FileError);
    expect(() => check(topology)).toThrow(
      /layers must be a graph without cycles: the input of '[ab]' is never computed/,
    );
  });

  test('says where a nested graph is', () => {
    const inner = graph(layer('a', [['a', 0]]));
    expect(() => check({ config: { layers: [{ inbound_nodes: [] }, inner] } })).toThrow(
      /^modelTopology\.config\.layers\[1\]\.config\.layers must be/,
    );
  });

  test('follows two calls of one layer, of which the second takes what comes of the first', () => {
    const twice = layer('a', [['x', 0]], [['b', 0]]);
    expect(() => check(graph(input('x'), twice, layer('b', [['a', 0]]), layer('c', [['a', 1]])))).not.toThrow();
    expect(() => check(graph(input('x'), twice, layer('b', [['a', 1]])))).toThrow('is never computed');
  });

  test('counts no call for a node without inputs, as tfjs makes none', () => {
    expect(() => check(graph(layer('a', []), layer('b', [['a', 0]])))).toThrow("the input of 'b' is never computed");
    expect(() => check(graph(input('x'), layer('a', [], [['x', 0]]), layer('b', [['a', 0]])))).not.toThrow();
  });

  test('ends soon for many layers', () => {
    const many = (count: number) =>
      graph(...Array.from({ length: count }, (_, n) => layer(`l${n}`, [[`l${n + 1}`, 0]])));
    expect(() => check(many(10_001))).toThrow('must be 10000 layers at most, but are 10001');
    expect(() => check(many(10_000))).toThrow('is never computed');
  });

  test('leaves what is no graph to others', () => {
    for (const topology of [
      null,
      7,
      'layers',
      [],
      {},
      { layers: [1, null] },
      { layers: 'x' },
      graph(layer('a', [] as never)),
    ]) {
      expect(() => check(topology)).not.toThrow();
    }
    expect(() => check(graph(input('x'), { name: 'a', inbound_nodes: [7, [7, null, ['x', 0]]] }))).toThrow(FileError);
  });
});
