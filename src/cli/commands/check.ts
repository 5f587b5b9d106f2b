import type * as tf from '@tensorflow/tfjs';
import { checkFixture } from '../../testing/check-fixture.js';
import type { Tolerance } from '../../testing/compare.js';
import { fixtureModel } from '../../testing/fixture-model.js';
import type { FixtureReport } from '../../testing/fixture-report.js';
import { loadFixture } from '../../testing/load-fixture.js';
import { layerAt } from '../readers/layer-at.js';
import { readJson } from '../readers/read-file.js';
import { readModel } from '../readers/read-model.js';
import { messageOf, UserError } from '../user-error.js';

export interface CheckOptions {
  /** Path of the model to check; without it, one that is built from the fixture itself. */
  model?: string | undefined;
  /** Which layer of the model, by its name or path. */
  layer?: string | undefined;
  tolerance: Partial<Tolerance>;
  /** Is told what of the model is not as it was where it was made. */
  onNote: (note: string) => void;
}

/** What is checked against one fixture; `dispose` frees it. */
interface Target {
  layerOrModel: tf.layers.Layer;
  dispose(): void;
}

async function targetOf({ model: path, layer, onNote }: CheckOptions): Promise<Target | null> {
  if (path === undefined) {
    if (layer !== undefined) throw new UserError('--layer selects a layer of a model, so --model must be given too');
    return null;
  }
  const model = await readModel(path, { onNote });
  return { layerOrModel: layer === undefined ? model : layerAt(model, layer), dispose: () => model.dispose() };
}

async function checkOne(path: string, target: Target | null, options: CheckOptions): Promise<FixtureReport> {
  const document = readJson(path, 'the fixture');
  // It would be taken for a path.
  if (typeof document === 'string') throw new UserError(`'${path}' must hold a JSON object`);
  try {
    const fixture = loadFixture(document as object);
    const checked = target?.layerOrModel ?? fixtureModel(fixture);
    try {
      return await checkFixture(checked, fixture, options.tolerance);
    } finally {
      if (target === null) checked.dispose();
    }
  } catch (cause) {
    throw new UserError(`'${path}': ${messageOf(cause)}`, { cause });
  }
}

/**
 * Replays fixtures, and reports one after the other.
 *
 * @param onStart Called with a fixture's path before it is checked.
 * @throws UserError for what is no fixture, and for one that does not fit the layer.
 */
export async function* checkFixtures(
  paths: readonly string[],
  options: CheckOptions,
  onStart: (path: string) => void,
): AsyncGenerator<FixtureReport> {
  const target = await targetOf(options);
  try {
    for (const path of paths) {
      onStart(path);
      yield await checkOne(path, target, options);
    }
  } finally {
    target?.dispose();
  }
}
