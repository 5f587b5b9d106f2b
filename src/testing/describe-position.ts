import { GATE_NAMES } from '../core/gates.js';
import type { Difference } from './compare.js';

/** A tensor as a report names it. */
interface NamedShape {
  name: string;
  kind: 'output' | 'gate' | 'gradient';
  shape: number[];
}

const IN_SEQUENCES = ['sample', 'timestep'];

/** What the axes of a tensor stand for; null where that is not known. */
function axesOf({ name, kind, shape }: NamedShape): string[] | null {
  if (/^gradient of (.+\.)?kernel$/.test(name)) return ['feature', 'column'];
  if (/^gradient of (.+\.)?recurrentKernel$/.test(name)) return ['from unit', 'column'];
  if (/^gradient of (.+\.)?bias$/.test(name)) return ['column'];
  if (name === 'gradient of input') return [...IN_SEQUENCES, 'feature'];
  if (kind === 'gradient' && !name.startsWith('gradient of initial')) return null;
  return { 2: ['sample', 'unit'], 3: [...IN_SEQUENCES, 'unit'] }[shape.length] ?? null;
}

/** Where a difference is, in words: `sample 2, timestep 4, unit 1`; `feature 3, gate f, unit 2` in a kernel's gradient. */
export function describePosition(tensor: NamedShape, { index }: Difference): string {
  const axes = axesOf(tensor);
  if (axes === null) return `[${index.join(', ')}]`;
  const units = (tensor.shape.at(-1) as number) / GATE_NAMES.length;
  const words = index.map((position, n) =>
    axes[n] === 'column'
      ? `gate ${GATE_NAMES[Math.floor(position / units)]}, unit ${position % units}`
      : `${axes[n]} ${position}`,
  );
  return words.join(', ');
}
