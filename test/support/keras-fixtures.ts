import { readdirSync } from 'node:fs';
import { type Fixture, loadFixture } from '../../src/testing/index.js';

const FOLDER = 'fixtures/keras';

export function kerasFixturePath(name: string): string {
  return `${FOLDER}/${name}.json`;
}

/** One of the committed fixtures. */
export function kerasFixture(name: string): Fixture {
  return loadFixture(kerasFixturePath(name));
}

/** Every committed fixture, none left out. */
export const KERAS_FIXTURES: Fixture[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .map((file) => loadFixture(`${FOLDER}/${file}`));
