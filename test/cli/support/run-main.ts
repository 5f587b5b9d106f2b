import { main } from '../../../src/cli/main.js';

export interface Outcome {
  code: number;
  out: string;
  error: string;
}

/** Runs the command in this process. */
export async function runMain(args: string[], { isInteractive = false } = {}): Promise<Outcome> {
  const written = { out: '', error: '' };
  const code = await main(args, '1.2.3', {
    out: (text) => {
      written.out += text;
    },
    error: (text) => {
      written.error += text;
    },
    isInteractive,
  });
  return { code, ...written };
}
