// Every picture in every size, to be looked at: npm run gallery [-- FOLDER [WORD]], of those whose name has the word.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { toPng } from '../../src/plot/index.js';
import { REVIEWED, sizes } from './pictures.js';

const [folder = 'pictures', word = ''] = process.argv.slice(2);
tf.enableProdMode();
await tf.setBackend('cpu');
mkdirSync(folder, { recursive: true });
for (const [name, draw] of Object.entries({ ...REVIEWED, ...sizes() })) {
  if (!name.includes(word)) continue;
  for (const theme of ['light', 'dark'] as const) {
    const spec = await draw(theme);
    writeFileSync(join(folder, `${name}-${theme}.png`), await toPng(spec, { scale: 1 }));
  }
  console.log(name);
}
