import type { Comparison, Difference } from './compare.js';
import { sizeOf } from './decode-tensor.js';
import { describePosition } from './describe-position.js';
import type { TraceName } from './fixture.js';

/** How one quantity compares. */
export interface QuantityReport extends Comparison {
  /**
   * Such as `output`, `h`, `gate f`, `gate f (layer 1, backward, cell 0)`, `gradient of kernel`; with several calls
   * `output (call 2)`, counted from 0.
   */
  name: string;
  kind: 'output' | 'gate' | 'gradient';
}

/** The first departure in the order of computation, which is where to look for a bug. */
export interface GateDifference extends Difference {
  gate: TraceName;
  /** Which LSTM: indices in a sequential and in stacked cells. */
  layer: number;
  cell: number;
  direction: 'forward' | 'backward';
  sample: number;
  /** The input's timestep. */
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
  /** What the fixture holds and could not be compared, with the reason. */
  notCompared: string[];
  /** The findings in words, one a line. */
  message: string;
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
