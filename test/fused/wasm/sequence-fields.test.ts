import { readFileSync } from 'node:fs';
import { FIELD, FIELD_COUNT } from '../../../src/fused/wasm/binaries.js';

test('the fields of a sequence are those of the AssemblyScript class, in its order, of 4 bytes each', () => {
  const source = readFileSync('src/fused/wasm/assembly/sequence.ts', 'utf8');
  const body = /export class Sequence \{(.*?)^\}/ms.exec(source)?.[1] as string;
  const fields = [...body.matchAll(/^ {2}(\w+): (\w+);$/gm)];
  expect(Object.entries(FIELD)).toEqual(fields.map(([, name], index) => [name, index]));
  expect(FIELD_COUNT).toBe(fields.length);
  // Dropout masks are written one after the other.
  for (const role of ['input', 'recurrent'] as const) {
    const places = (['I', 'F', 'G', 'O'] as const).map((gate) => FIELD[`${role}DropoutMask${gate}`]);
    expect(places).toEqual([0, 1, 2, 3].map((n) => (places[0] as number) + n));
  }
  // usize has 4 bytes in wasm32, which is what the kernels are compiled to.
  expect(new Set(fields.map(([, , type]) => type))).toEqual(new Set(['i32', 'f32', 'usize']));
});
