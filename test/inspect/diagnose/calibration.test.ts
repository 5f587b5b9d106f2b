import * as tf from '@tensorflow/tfjs';
import { HEALTHY } from '../../../benchmarks/calibration/healthy.js';
import { forgetSoundModels, ILL } from '../../../benchmarks/calibration/ill.js';
import { quality, trained } from '../../../benchmarks/calibration/models.js';
import { diagnose } from '../../../src/inspect/index.js';
import { useBackend } from '../../../tools/backends.js';

// A part of what `npm run calibrate` does, that takes seconds.
const WELL = ['mean, forget bias 0', 'wave', 'two digits', 'product of the last two, forget bias 0'];
const PLANTED = [
  'one NaN in the inputs',
  'gate f before training, bias -5',
  'a cell state that only grows: i and f, bias 6, over 40 steps',
  'open gates, small inputs and recurrent weights times 5',
  'what matters is 40 steps back, forget bias 0, training in vain',
  'a gradient that a later layer cuts off: zero weights',
  'inputs times 1 plus 300',
];

beforeAll(() => useBackend('wasm'));
afterAll(forgetSoundModels);

test.each(WELL)(
  'diagnose does not warn of a model that does its task: %s',
  async (name) => {
    const recipe = HEALTHY.find((one) => one.name === name)!;
    const subject = await trained(recipe);
    expect(quality(subject, recipe)).toBeGreaterThanOrEqual(recipe.wanted);
    const findings = await diagnose(subject.model, subject.x, subject.y);
    expect(findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
    tf.dispose([subject.x, subject.y]);
  },
  120_000,
);

test.each(PLANTED)(
  'diagnose finds first what was planted: %s',
  async (name) => {
    const { make, expected } = ILL.find((one) => one.name === name)!;
    const subject = await make();
    const [first] = await diagnose(subject.model, subject.x, subject.y);
    expect(first?.kind).toBe(expected);
    tf.dispose([subject.x, subject.y]);
  },
  120_000,
);
