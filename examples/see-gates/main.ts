import * as tf from '@tensorflow/tfjs';
import {
  ablateUnits,
  describeFindings,
  describeStatistics,
  diagnose,
  editGates,
  gateStatistics,
  traceModel,
  withUnits,
} from '../../src/inspect/index.js';
import { useFastestBackend } from '../../tools/backends.js';
import { loadDigits, splitDigits, toLabels, toSequences } from '../read-digits/digits.js';
import { withSavedCopy } from '../read-digits/saving.js';
import { trainOrdinaryModel } from './ordinary-model.js';

const SEED = 1;

/** @param digits How many to train on: fewer take less time and are read worse. */
async function main(digits: number): Promise<void> {
  tf.enableProdMode();
  console.log(
    `Training and saving an ordinary model with tf.layers.lstm, on the backend '${await useFastestBackend()}'.`,
  );
  const { training, heldBack } = splitDigits(loadDigits(), { training: digits, heldBack: 200 }, SEED);
  const trained = await trainOrdinaryModel(training, SEED);
  const [x, labels] = [toSequences(heldBack), toLabels(heldBack)];
  // From here on you could use a model of your own: withSavedCopy calls tf.loadLayersModel.
  await withSavedCopy(trained, async (model) => look(model, x, labels));
  tf.dispose([x, labels]);
  trained.dispose();
}

async function look(model: tf.LayersModel, x: tf.Tensor3D, labels: tf.Tensor1D): Promise<void> {
  console.log('\nWhat the gates do, over 200 digits:\n');
  for (const { layerName, trace } of traceModel(model, x)) {
    console.log(describeStatistics(await gateStatistics(trace), { layerName, saturationThreshold: 0.5 }));
    trace.dispose();
  }
  console.log('\nWhat is wrong:\n');
  console.log(describeFindings(await diagnose(model, x, labels)));

  console.log('\nWhich units matter: how much the predictions change without them:\n');
  const effects = await ablateUnits(model, x, { layerName: 'reader' });
  for (const { unit, meanChange } of effects.slice(0, 3)) console.log(`  unit ${unit}: ${meanChange.toFixed(4)}`);
  console.log(`  …\n  unit ${effects.at(-1)?.unit}: ${effects.at(-1)?.meanChange.toFixed(4)}`);

  const [first] = effects as [(typeof effects)[0]];
  const usual = accuracy(model, x, labels);
  const never = editGates(
    model.getLayer('reader'),
    ({ f }) => ({ f: withUnits(f, [first.unit], 1) }),
    () => accuracy(model, x, labels),
  );
  console.log(`\nAccuracy ${usual.toFixed(3)}; if unit ${first.unit} never forgot, ${never.toFixed(3)}.`);
}

function accuracy(model: tf.LayersModel, x: tf.Tensor, labels: tf.Tensor1D): number {
  return tf.tidy(() => {
    const answers = tf.argMax(model.predict(x) as tf.Tensor, 1);
    return tf.mean(tf.cast(tf.equal(answers, tf.cast(labels, 'int32')), 'float32')).dataSync()[0] as number;
  });
}

await main(Number(process.argv[2] ?? 3000));
