import * as tf from '@tensorflow/tfjs';
import type { warnOfOtherCopy } from '../../src/host/other-copy.js';
import { warningsOf } from '../support/warnings.js';

// Apart from the other tests of copies, which load one.

const NAMES = ['Flatten', 'Permute', 'RepeatVector'];

/** What is warned of, once, where these names are registered for classes that are not of this copy. */
function warningsWith(replaced: string[]): Promise<string[]> {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  const own = { ...classNameMap };
  for (const name of replaced) classNameMap[name] = [class {}, () => {}] as never;
  return warningsOf(() =>
    jest.isolateModules(() => {
      jest.doMock('@tensorflow/tfjs', () => tf);
      const fresh = require('../../src/host/other-copy.js') as { warnOfOtherCopy: typeof warnOfOtherCopy };
      fresh.warnOfOtherCopy('here');
      fresh.warnOfOtherCopy('here');
    }),
  ).finally(() => Object.assign(classNameMap, own));
}

test('Layers of another copy on the same core are seen by what they are registered as', async () => {
  expect(await warningsWith(NAMES)).toEqual([
    expect.stringMatching(/^here: this application has another copy of @tensorflow\/tfjs/),
  ]);
});

test.each([[[]], ...NAMES.map((own) => [NAMES.filter((name) => name !== own)])])(
  'A class that somebody registered in the place of one of tfjs does not make another copy: %p',
  async (replaced) => {
    expect(await warningsWith(replaced)).toEqual([]);
  },
);
