import { GATE_NAMES } from '../core/gates.js';
import { CELL_WEIGHTS } from '../core/weights.js';
import type { Comparison, Difference } from './compare.js';
import { sizeOf } from './decode-tensor.js';
import type { TraceName } from './fixture.js';

/** How one quantity compares. */
export interface QuantityReport extends Comparison {
  /**
   * For example, `output`, `h`, `gate f`, `gate f (layer 1, backward, cell 0)`, `gradient of kernel`; with several calls,
   * `output (call 2)`, counted from 0.
   */
  name: string;
  kind: 'output' | 'gate' | 'gradient';
}

/** The first difference in the order of computation, which is where to look for a bug. */
export interface GateDifference extends Difference {
  gate: TraceName;
  /** Which LSTM: its index in a Sequential, and that among stacked cells. */
  layer: number;
  cell: number;
  direction: 'forward' | 'backward';
  sample: number;
  /** In the order of the input. */
  timestep: number;
  unit: number;
}

/** What `checkFixture` found. */
export interface FixtureReport {
  /** Name of the fixture. */
  fixture: string;
  /** Whether every quantity is within the tolerance. */
  passed: boolean;
  /** Every quantity compared: outputs, gates, gradients. */
  quantities: QuantityReport[];
  /** The gate that differs first: by layer, cell, timestep processed, and then in the order i, f, g, o, c, h. */
  firstDifferingGate: GateDifference | null;
  /** What the fixture holds but could not be compared, with the reason. */
  notCompared: string[];
  /** The result in words, one finding per line. */
  message: string;
}

const IN_SEQUENCES = ['sample', 'timestep'];

const ROWS_OF_WEIGHTS = { feature: 'feature', unit: 'from unit' };

/** What the axes of a tensor stand for; null where that is not known. */
function axesOf({ name, kind, shape }: QuantityReport): string[] | null {
  const ofWeight = /^gradient of (?:.+\.)?(\w+)$/.exec(name)?.[1];
  const weight = CELL_WEIGHTS.find(({ property }) => property === ofWeight);
  if (weight !== undefined) return weight.row === null ? ['column'] : [ROWS_OF_WEIGHTS[weight.row], 'column'];
  if (name === 'gradient of input') return [...IN_SEQUENCES, 'feature'];
  if (kind === 'gradient' && !name.startsWith('gradient of initial')) return null;
  return { 2: ['sample', 'unit'], 3: [...IN_SEQUENCES, 'unit'] }[shape.length] ?? null;
}

/** Where a difference is, in words: `sample 2, timestep 4, unit 1`; `feature 3, gate f, unit 2` in a kernel's gradient. */
function describePosition(quantity: QuantityReport, { index }: Difference): string {
  const axes = axesOf(quantity);
  if (axes === null) return `[${index.join(', ')}]`;
  const units = (quantity.shape.at(-1) as number) / GATE_NAMES.length;
  const words = index.map((position, n) =>
    axes[n] === 'column'
      ? `gate ${GATE_NAMES[Math.floor(position / units)]}, unit ${position % units}`
      : `${axes[n]} ${position}`,
  );
  return words.join(', ');
}

function describeQuantity(quantity: QuantityReport): string {
  const { name, shape, differing, maxAbsoluteError } = quantity;
  const worst = quantity.worst as Difference;
  const count = `${differing} of ${sizeOf(shape)} differ, by up to ${Number(maxAbsoluteError.toPrecision(3))}`;
  const where = shape.length === 0 ? '' : `at ${describePosition(quantity, worst)} `;
  return `  ${name}: ${count}; ${where}expected ${shown(worst.expected)}, received ${shown(worst.received)}`;
}

/** A float32 without the digits that only its binary form has. */
function shown(value: number): number {
  return Number(value.toPrecision(8));
}

/** The findings in words. */
export function describeReport(report: Omit<FixtureReport, 'message'>): string {
  const { fixture, passed, quantities, firstDifferingGate: first, notCompared } = report;
  const failed = quantities.filter((quantity) => !quantity.passed);
  const verdict = passed
    ? `${fixture}: all ${quantities.length} quantities agree`
    : `${fixture}: ${failed.length} of ${quantities.length} quantities differ`;
  const lines = failed.map(describeQuantity);
  const gate =
    first === null
      ? []
      : [
          `  first differing gate: ${first.gate} at timestep ${first.timestep}, sample ${first.sample}, unit ${first.unit} ` +
            `(layer ${first.layer}, ${first.direction}, cell ${first.cell}): expected ${shown(first.expected)}, received ${shown(first.received)}`,
        ];
  return [verdict, ...lines, ...gate, ...notCompared.map((reason) => `  not compared: ${reason}`)].join('\n');
}
