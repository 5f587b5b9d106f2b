import * as tf from '@tensorflow/tfjs';
import { givenLayers, heldLayers, layersWithin } from '../../src/host/held-layers.js';

/** Holds layers in fields of its own, and itself. */
class Pair extends tf.layers.Layer {
  static readonly className = 'TestPairOfHeld';
  readonly first = tf.layers.dense({ units: 1, name: 'first' });
  readonly others = [
    tf.layers.dense({ units: 2, name: 'second' }),
    'no layer',
    tf.layers.dense({ units: 3, name: 'third' }),
  ];
  readonly self = this;
}

const namesOf = (layers: Iterable<tf.layers.Layer>) => [...layers].map(({ name }) => name);

test('The layers in any field of a layer are found, by field and index', () => {
  const pair = new Pair({ name: 'pair' });
  expect([...heldLayers(pair)].map(([key, { name }]) => [key, name])).toEqual([
    ['first.0', 'first'],
    ['others.0', 'second'],
    ['others.2', 'third'],
    ['self.0', 'pair'],
  ]);
  expect(heldLayers(tf.layers.dense({ units: 1 })).size).toBe(0);
});

test('All layers within are found once, also where they hold each other, the holding ones first', () => {
  const pair = new Pair({ name: 'pair' });
  expect(namesOf(layersWithin(pair))).toEqual(['pair', 'first', 'second', 'third']);
  const cell = tf.layers.lstmCell({ units: 2, name: 'cell' });
  const inner = tf.layers.rnn({ cell, name: 'inner' });
  const over = tf.layers.timeDistributed({ layer: inner, name: 'over' });
  expect(namesOf(layersWithin(over))).toEqual(['over', 'inner', 'cell']);
  const seen = new Set<tf.layers.Layer>([inner]);
  expect(namesOf(layersWithin(over, seen))).toEqual(['inner', 'over']);
});

test('The layers that a layer of tfjs was given are found under its argument', () => {
  const cells = [2, 3].map((units) => tf.layers.lstmCell({ units }));
  const inner = tf.layers.dense({ units: 1 });
  const over = tf.layers.timeDistributed({ layer: inner });
  expect(givenLayers(over)).toEqual({ argument: 'layer', layers: inner });
  expect(givenLayers(tf.layers.rnn({ cell: cells[0] as tf.layers.RNNCell }))).toEqual({
    argument: 'cell',
    layers: cells[0],
  });
  const stack = tf.layers.stackedRNNCells({ cells } as never);
  expect(givenLayers(stack)).toEqual({ argument: 'cells', layers: cells });
  expect(givenLayers(inner)).toBeNull();
  Object.assign(over, { layer: 'elsewhere' });
  expect(givenLayers(over)).toBeNull();
});
