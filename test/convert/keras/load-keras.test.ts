import { loadKeras } from '../../../src/convert/index.js';
import { deviation, kerasFile, kerasFixtures } from './keras-fixtures.js';

// They need layers that are still to come.
const WAITING = /activation|gru|masked-average|norms|merge|shapes|convolutions|unknown-length|cudnn/;
const FIXTURES = kerasFixtures().filter(({ id }) => !WAITING.test(id));

describe.each(FIXTURES)('the model $id', (fixture) => {
  it.each(fixture.files)('computes what it computed in Keras: %s', async (file) => {
    const model = await loadKeras(kerasFile(file), { onNote: () => {} });
    expect(deviation(model, fixture)).toBeLessThan(fixture.tolerance);
    model.dispose();
  });
});
