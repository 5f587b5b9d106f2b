import * as tf from '@tensorflow/tfjs';
import { toExplicit } from '../../../src/convert/index.js';
import { findLSTMs } from '../../../src/inspect/model/find-lstms.js';
import { EXAMPLES } from '../../convert/support/examples.js';
import { builtIn, countLSTMs, dense, type Symbolic } from '../../convert/support/models.js';

function namesIn(model: tf.LayersModel): string[] {
  return findLSTMs(model).map(({ layerName, direction, cell }) => `${layerName} ${direction} ${cell}`);
}

describe('findLSTMs', () => {
  test('gives the path of an LSTM in nested models', () => {
    const inner = tf.sequential({
      name: 'inner',
      layers: [builtIn({ units: 2, returnSequences: true, inputShape: [5, 3], name: 'deep' }), dense(3)],
    });
    const x = tf.input({ shape: [5, 3] });
    const outputs = builtIn({ units: 4, goBackwards: true, name: 'top' }).apply(inner.apply(x)) as Symbolic;
    const middle = tf.model({ inputs: x, outputs, name: 'middle' });
    const model = tf.sequential({ layers: [middle, dense(2)] });
    expect(namesIn(model)).toEqual(['middle/inner/deep forward 0', 'middle/top backward 0']);
  });

  test('gives a wrapper its own name and two directions, and time distributed ones the name of the wrapper', () => {
    const x = tf.input({ shape: [2, 5, 3] });
    const inner = tf.sequential({ layers: [builtIn({ units: 3, inputShape: [5, 3], name: 'lstm' }), dense(2)] });
    const over = tf.layers.timeDistributed({ layer: inner, name: 'over' }).apply(x) as Symbolic;
    const layer = builtIn({ units: 3, returnSequences: true });
    const both = tf.layers.bidirectional({ layer, mergeMode: 'sum', name: 'both' }).apply(over) as Symbolic;
    const backwards = builtIn({ units: 3, goBackwards: true });
    const other = tf.layers.bidirectional({ layer: backwards, mergeMode: 'sum', name: 'other' }).apply(both);
    const model = tf.model({ inputs: x, outputs: other as Symbolic });
    expect(namesIn(model)).toEqual([
      'over/lstm forward 0',
      'both forward 0',
      'both backward 0',
      'other backward 0',
      'other forward 0',
    ]);
  });

  test('numbers stacked cells with the cells of other kinds counted', () => {
    const cell = [tf.layers.lstmCell({ units: 4 }), tf.layers.gruCell({ units: 3 }), tf.layers.lstmCell({ units: 2 })];
    const stack = tf.layers.rnn({ cell, inputShape: [5, 3], name: 'stack' });
    const model = tf.sequential({ layers: [stack] });
    expect(namesIn(model)).toEqual(['stack forward 0', 'stack forward 2']);
    expect(findLSTMs(model).map((found) => found.lstmCell)).toEqual([cell[0], cell[2]]);
    expect(findLSTMs(model).map((found) => found.layer)).toEqual([stack, stack]);
  });

  test('tells two LSTMs that one wrapper holds apart by their names', () => {
    class Pair extends tf.layers.Layer {
      static readonly className = 'TestPair';
      readonly first = builtIn({ units: 2, name: 'first' });
      readonly second = builtIn({ units: 2, name: 'second' });
      override build(shape: tf.Shape): void {
        for (const layer of [this.first, this.second]) layer.build(shape);
        super.build(shape);
      }
      override computeOutputShape(shape: tf.Shape): tf.Shape {
        return this.first.computeOutputShape(shape) as tf.Shape;
      }
    }
    const x = tf.input({ shape: [5, 3] });
    const model = tf.model({ inputs: x, outputs: new Pair({ name: 'pair' }).apply(x) as Symbolic });
    expect(namesIn(model)).toEqual(['pair/first forward 0', 'pair/second forward 0']);
  });

  test.each(Object.keys(EXAMPLES))(
    'finds the same LSTMs, each under a name of its own, in both kinds of: %s',
    (name) => {
      const model = EXAMPLES[name]!();
      const names = namesIn(model);
      expect(names.length).toBeGreaterThanOrEqual(name === 'no LSTM at all' ? 0 : 1);
      expect(new Set(names).size).toBe(names.length);
      expect(names.length).toBeGreaterThanOrEqual(distinctLSTMs(model));
      expect(namesIn(toExplicit(model))).toEqual(names);
    },
  );
});

/** A built-in LSTM counts with its cell in `countLSTMs`, a cell in tf.layers.rnn alone. */
function distinctLSTMs(model: tf.LayersModel): number {
  return Math.ceil(countLSTMs(model).builtIn / 2);
}
