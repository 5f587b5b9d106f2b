import { readdirSync, readFileSync } from 'node:fs';

export interface Numbers {
  shape: number[];
  values: number[];
}

/** What another implementation computes; see fixtures/README.md. */
export interface VariantFixture {
  name: string;
  cell: string;
  args: Record<string, unknown>;
  source: string;
  inputs: { x: Numbers; mask: Numbers | null };
  initialState: Numbers[];
  weights: Record<string, Numbers>;
  outputs: { sequence: Numbers; states: Numbers[] };
  lossWeights: Numbers;
  stateLossWeights: Numbers[];
  gradients: { x: Numbers; initialState: Numbers[]; weights: Record<string, Numbers> };
}

const FOLDER = 'fixtures/variants';
export const VARIANT_FIXTURES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .map((file) => JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8')) as VariantFixture);
