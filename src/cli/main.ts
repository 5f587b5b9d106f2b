import { CommanderError } from 'commander';
import { createProgram, EXIT_CODES } from './program.js';
import { printable, type Terminal } from './terminal.js';
import { messageOf } from './user-error.js';

function reportError(error: unknown, isDebug: boolean, terminal: Terminal): void {
  const stack = isDebug && error instanceof Error ? error.stack : undefined;
  terminal.error(`error: ${printable(stack ?? messageOf(error))}\n`);
}

/**
 * Runs the command.
 *
 * @param args What follows the command's name.
 * @param version The package's.
 * @returns The exit code; see `EXIT_CODES`.
 */
export async function main(args: readonly string[], version: string, terminal: Terminal): Promise<number> {
  let code: number = EXIT_CODES.success;
  const program = createProgram(version, terminal, (finished) => {
    code = finished;
  });
  try {
    if (args.length === 0) program.help({ error: true });
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    // Commander has written its message already; asking for help or the version ends so too.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.success : EXIT_CODES.mistake;
    reportError(error, program.opts().debug === true, terminal);
    return EXIT_CODES.mistake;
  }
}
