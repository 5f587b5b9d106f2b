import type { FusedKernel } from '../../src/fused/fused-kernel.js';
import { checkFixture, type Fixture, fixtureModel, loadFixture } from '../../src/testing/index.js';
import { TOLERANCE } from '../support/close.js';

/** What is checked, and how it fails: by throwing. */
export type Check = [title: string, check: () => void | Promise<void>];

/** What came of a group of checks. */
export interface GroupResult {
  count: number;
  failures: string[];
  notes: string[];
}

/** Runs checks one after the other, and tells what they threw. */
export async function failuresOf(checks: readonly Check[]): Promise<string[]> {
  const failures: string[] = [];
  for (const [title, check] of checks) {
    try {
      await check();
    } catch (error) {
      failures.push(`${title}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return failures;
}

/** Runs something, in which the fused kernel has to run at least as often. */
export async function requireForwards<Result>(
  { prototype }: { prototype: FusedKernel },
  atLeast: number,
  run: () => Result | Promise<Result>,
): Promise<Result> {
  const { forward } = prototype;
  let forwards = 0;
  prototype.forward = function (...parameters) {
    forwards += 1;
    return forward.apply(this, parameters);
  };
  let result: Result;
  try {
    result = await run();
  } finally {
    prototype.forward = forward;
  }
  if (forwards < atLeast) throw new Error(`the kernel must run at least ${atLeast} times, ran ${forwards} times`);
  return result;
}

/** Holds a layer to what Keras computed, in every committed fixture. */
export async function fixtureChecks(): Promise<Check[]> {
  const fixtures = (await (await fetch('/keras-fixtures.json')).json()) as object[];
  return fixtures.map((json): Check => {
    const fixture: Fixture = loadFixture(JSON.stringify(json));
    return [
      fixture.name,
      async () => {
        const model = fixtureModel(fixture);
        const report = await checkFixture(model, fixture, { atol: TOLERANCE, rtol: TOLERANCE });
        if (!report.passed || report.notCompared.length > 0) throw new Error(report.message);
        model.dispose();
      },
    ];
  });
}
