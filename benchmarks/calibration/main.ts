import * as tf from '@tensorflow/tfjs';
import { diagnose, type Finding } from '../../src/inspect/index.js';
import { useBackend } from '../../tools/backends.js';
import { HEALTHY } from './healthy.js';
import { forgetSoundModels, ILL } from './ill.js';
import { quality, type Trained, trained, untrained } from './models.js';

const HELP = `Tests diagnose on models that are known to be healthy and on models with one planted fault each, and prints every false
alarm and every miss. Seeded, on the backend wasm; takes about three minutes.

  npm run calibrate              runs all
  npm run calibrate -- healthy   or ill: runs one half
  npm run calibrate -- --all     also prints every finding of every model`;

async function main(args: string[]): Promise<void> {
  tf.enableProdMode();
  await useBackend('wasm');
  const verbose = args.includes('--all');
  if (args.includes('--help')) console.log(HELP);
  else {
    if (!args.includes('ill')) await tryHealthy(verbose);
    if (!args.includes('healthy')) await tryIll(verbose);
  }
}

async function tryHealthy(verbose: boolean): Promise<void> {
  const alarms = { untrained: 0, withoutLabels: 0, trained: 0 };
  const rung: string[] = [];
  let well = 0;
  for (const recipe of HEALTHY) {
    const before = untrained(recipe);
    if (warnings(await diagnose(before.model, before.x, before.y)).length > 0) alarms.untrained += 1;
    dispose(before);
    const subject = await trained(recipe);
    const reached = quality(subject, recipe);
    const findings = await diagnose(subject.model, subject.x, subject.y);
    const forward = await diagnose(subject.model, subject.x);
    dispose(subject);
    if (verbose) tell(`${recipe.name} (${reached.toFixed(2)})`, findings);
    if (reached < recipe.wanted) {
      console.log(`not learnt well: ${recipe.name}, ${reached.toFixed(3)}, wanted ${recipe.wanted}`);
      continue;
    }
    well += 1;
    if (warnings(forward).length > 0) alarms.withoutLabels += 1;
    if (warnings(findings).length > 0) {
      alarms.trained += 1;
      rung.push(`${recipe.name}: ${warnings(findings).map(short).join(', ')}`);
    }
    if (verbose) tell(`${recipe.name}, without labels`, warnings(forward));
  }
  console.log(`\nHealthy models: ${well} of ${HEALTHY.length} learnt their task as well as required.`);
  console.log(
    `  false alarms with labels:    ${alarms.trained} of ${well}${rung.map((one) => `\n    ${one}`).join('')}`,
  );
  console.log(`  false alarms without labels: ${alarms.withoutLabels} of ${well}`);
  console.log(`  warnings before any training, for comparison: ${alarms.untrained} of ${HEALTHY.length}`);
}

async function tryIll(verbose: boolean): Promise<void> {
  const missed: string[] = [];
  let quiet = 0;
  for (const { name, expected, gate, make } of ILL) {
    const subject = await make();
    const findings = await diagnose(subject.model, subject.x, subject.y);
    dispose(subject);
    if (verbose) tell(name, findings);
    const [first] = findings;
    if (first?.kind !== expected || (gate !== undefined && first.gate !== gate)) {
      missed.push(
        `${name}: wanted ${expected}${gate === undefined ? '' : ` of ${gate}`}, got ${findings.map(short).join(', ') || 'nothing'}`,
      );
    } else if (first.severity === 'note') quiet += 1;
  }
  forgetSoundModels();
  const found = ILL.length - missed.length;
  console.log(
    `\nModels with a planted fault: listed first in ${found} of ${ILL.length}, ${((100 * found) / ILL.length).toFixed(1)}%.`,
  );
  console.log(`  of these only as a note, because the model does its task all the same: ${quiet}`);
  console.log(`  missed: ${missed.length}${missed.map((one) => `\n    ${one}`).join('')}`);
}

const warnings = (findings: Finding[]) => findings.filter(({ severity }) => severity !== 'note');
const short = ({ severity, kind, gate, units }: Finding) =>
  `${severity} ${kind}${gate === null ? '' : ` ${gate}`}${units.length > 0 ? ` (${units.length})` : ''}`;

function tell(title: string, findings: Finding[]): void {
  console.log(title);
  for (const finding of findings) console.log(`  ${short(finding)} ${JSON.stringify(finding.evidence)}`);
}

function dispose({ model, x, y }: Trained): void {
  tf.dispose([x, y]);
  model.dispose();
}

await main(process.argv.slice(2));
