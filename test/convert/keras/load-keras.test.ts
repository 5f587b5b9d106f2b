import { loadKeras } from '../../../src/convert/index.js';
import { modelFile, modelFixtures } from '../../support/model-fixtures.js';
import { deviation } from './deviation.js';

const FIXTURES = modelFixtures('keras').filter(({ folder }) => folder.includes('/keras-'));
const FILES = FIXTURES.flatMap((fixture) => fixture.files.map((file) => ({ ...fixture, file })));

test.each(FILES)('$folder/$file computes what it computed in Keras', async ({ file, ...fixture }) => {
  const model = await loadKeras(modelFile(fixture.folder, file), { onNote: () => {} });
  expect(deviation(model, fixture)).toBeLessThan(fixture.tolerance ?? 1e-5);
  model.dispose();
});
