import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { builtIn, dense, type Symbolic } from './models';

type Recurrent = { kind: 'lstm' | 'bidirectional' | 'rnn' | 'gru'; goBackwards: boolean; useBias: boolean };
type Nested = { kind: 'functional' | 'sequential' | 'distributed'; blocks: Block[] };
/** One step of a model, from [B, 4, D] to [B, 4, 3]. */
type Block = Recurrent | Nested | { kind: 'dense' | 'twice' } | { kind: 'branches'; left: Block[]; right: Block[] };

const { block } = fc.letrec<{ block: Block; blocks: Block[] }>((tie) => ({
  blocks: fc.array(tie('block'), { minLength: 1, maxLength: 2, depthIdentifier: 'depth' }),
  block: fc.oneof(
    { maxDepth: 2, depthIdentifier: 'depth' },
    fc.record({
      kind: fc.constantFrom('lstm', 'lstm', 'bidirectional', 'rnn', 'gru'),
      goBackwards: fc.boolean(),
      useBias: fc.boolean(),
    }),
    fc.record({ kind: fc.constantFrom('dense', 'twice') }),
    fc.record({ kind: fc.constantFrom('functional', 'sequential', 'distributed'), blocks: tie('blocks') }),
    fc.record({ kind: fc.constant('branches'), left: tie('blocks'), right: tie('blocks') }),
  ) as fc.Arbitrary<Block>,
}));

function applyAll(blocks: Block[], x: Symbolic): Symbolic {
  return blocks.reduce((input, each) => applyBlock(each, input), x);
}

function applyBlock(block: Block, x: Symbolic): Symbolic {
  if (block.kind === 'branches') {
    return tf.layers.add().apply([applyAll(block.left, x), applyAll(block.right, x)]) as Symbolic;
  }
  if ('blocks' in block) return nested(block, x.shape.slice(1) as number[]).apply(x) as Symbolic;
  if ('goBackwards' in block) return recurrent(block).apply(x) as Symbolic;
  const projected = dense(3).apply(x) as Symbolic;
  if (block.kind === 'dense') return projected;
  const shared = builtIn({ units: 3, returnSequences: true });
  return shared.apply(shared.apply(projected)) as Symbolic;
}

function nested({ kind, blocks }: Nested, inputShape: number[]): tf.LayersModel {
  const input = tf.input({ shape: inputShape });
  const model = tf.model({ inputs: input, outputs: applyAll(blocks, input) });
  if (kind === 'functional') return model;
  return kind === 'sequential' ? tf.sequential({ layers: [model, dense(3)] }) : distributed(model, inputShape);
}

function recurrent({ kind, goBackwards, useBias }: Recurrent): tf.layers.Layer {
  const args = { units: 3, returnSequences: true, goBackwards, useBias };
  if (kind === 'gru') return tf.layers.gru(args);
  if (kind === 'lstm') return builtIn(args);
  if (kind === 'bidirectional') return tf.layers.bidirectional({ layer: builtIn(args), mergeMode: 'sum' });
  const cell = [tf.layers.lstmCell({ units: 2, useBias }), tf.layers.lstmCell({ units: 3 })];
  return tf.layers.rnn({ cell, returnSequences: true, goBackwards });
}

/** A model that is distributed over an axis of its own. */
function distributed(model: tf.LayersModel, inputShape: number[]): tf.LayersModel {
  const x = tf.input({ shape: inputShape });
  const repeated = tf.layers.reshape({ targetShape: [1, ...inputShape] }).apply(x);
  const output = tf.layers.timeDistributed({ layer: model }).apply(repeated);
  return tf.model({ inputs: x, outputs: tf.layers.reshape({ targetShape: [4, 3] }).apply(output) as Symbolic });
}

/** Makes functions that make a model, from [B, 4, 2]. */
export const someModel: fc.Arbitrary<() => tf.LayersModel> = fc
  .array(block, { minLength: 1, maxLength: 4 })
  .map((blocks) => () => {
    const x = tf.input({ shape: [4, 2] });
    return tf.model({ inputs: x, outputs: applyAll(blocks, x) });
  });
