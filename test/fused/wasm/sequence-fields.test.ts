import { readFileSync } from 'node:fs';
import { SEQUENCE_FIELDS } from '../../../src/fused/wasm/sequence-fields.js';

test('the fields of a sequence are those of the AssemblyScript class, in its order, of 4 bytes each', () => {
  const source = readFileSync('src/fused/wasm/assembly/sequence.ts', 'utf8');
  const body = /export class Sequence \{(.*?)^\}/ms.exec(source)?.[1] as string;
  const fields = [...body.matchAll(/^ {2}(\w+): (\w+);$/gm)];
  expect(fields.map(([, name]) => name)).toEqual([...SEQUENCE_FIELDS]);
  // usize has 4 bytes in wasm32, which is what the kernels are compiled to.
  expect(new Set(fields.map(([, , type]) => type))).toEqual(new Set(['i32', 'usize']));
});
