import * as tf from '@tensorflow/tfjs';
import { blockNamesOf, blocksByWeight, WHOLE } from '../weights/by-block.js';
import type { Evidence } from './evidence.js';
import { type Finding, findingAt, NOWHERE } from './finding.js';

/** NaN or infinity in a layer: in its weights, else in what it computes. */
export function nonFiniteFindings(evidence: Evidence): Finding[] {
  const inWeights = weightFindings(evidence);
  return inWeights.length > 0 ? inWeights : valueFindings(evidence);
}

function weightFindings({ place, weightNorms }: Evidence): Finding[] {
  return blockNamesOf(weightNorms).flatMap((gate) => {
    const broken = blocksByWeight(weightNorms)
      .filter(([, norms]) => !Number.isFinite(norms[gate] ?? 0))
      .map(([name]) => name);
    if (broken.length === 0) return [];
    const whose = gate === WHOLE ? '' : ` of gate ${gate}`;
    return [
      findingAt(place, {
        kind: 'non-finite weight',
        severity: 'error',
        gate: gate === WHOLE ? null : gate,
        evidence: { weights: broken.join(', ') },
        message: `The weights${whose} hold NaN or Infinity, in ${broken.join(', ')}: training has diverged.`,
        remedy:
          'Go back to earlier weights; clip gradients by norm, lower the learning rate, and look for NaN in the data.',
      }),
    ];
  });
}

function valueFindings({ place, statistics, nonFiniteFrom }: Evidence): Finding[] {
  const found = Object.entries(statistics.nonFinite).filter(([, { count }]) => count > 0);
  if (found.length === 0) return [];
  const broken = found.map(([quantity]) => quantity);
  const isBackward = place.direction === 'backward';
  const timesteps = broken.map((quantity) => nonFiniteFrom[quantity] as number);
  const first = isBackward ? Math.max(...timesteps) : Math.min(...timesteps);
  // In the order in which a step computes them: the first of them is where it starts.
  const gate = broken.find((quantity) => nonFiniteFrom[quantity] === first) ?? null;
  const evidence: Finding['evidence'] = { 'first timestep': first };
  for (const [quantity, { count }] of found) evidence[`count in ${quantity}`] = count;
  return [
    findingAt(place, {
      kind: 'non-finite value',
      severity: 'error',
      gate,
      timestep: first,
      evidence,
      message: `NaN or Infinity first appears at timestep ${first}${isBackward ? ', reading backwards' : ''}, in ${gate}, and affects ${broken.join(', ')}.`,
      remedy:
        'Look for NaN in the input of this layer; with an unbounded activation such as relu, use tanh or clip gradients.',
    }),
  ];
}

/** NaN or infinity in what a model is given. */
export async function dataFindings(tensors: tf.Tensor[], role: 'input' | 'label'): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [index, tensor] of tensors.entries()) {
    const count = tf.tidy(() => tf.sum(tf.cast(tf.logicalNot(tf.isFinite(tf.cast(tensor, 'float32'))), 'int32')));
    const [broken] = await count.data();
    count.dispose();
    if (!broken) continue;
    const finding = findingAt(NOWHERE, {
      kind: `non-finite ${role}`,
      severity: 'error',
      evidence: { [role]: index, count: broken, of: tensor.size },
      message: `${role === 'input' ? 'Input' : 'Label'} ${index} holds NaN or Infinity in ${broken} of ${tensor.size} values.`,
      remedy: 'Clean the data first: all other findings may follow from this.',
    });
    findings.push(finding);
  }
  return findings;
}
