import asc from 'assemblyscript/asc';

const PAGE_BYTES = 65536;

/**
 * Compiles one AssemblyScript file to a module that exports its own memory.
 *
 * @throws Error with what the compiler said.
 */
export async function compile(file: string, memoryBytes: number, features: string[]): Promise<Uint8Array<ArrayBuffer>> {
  const written = new Map<string, string | Uint8Array>();
  const { error, stderr } = await asc.main(
    [
      file,
      ...['--outFile', 'module.wasm', '-O3', '--noAssert', '--runtime', 'stub'],
      ...['--initialMemory', String(Math.ceil(memoryBytes / PAGE_BYTES))],
      ...features.flatMap((feature) => ['--enable', feature]),
    ],
    { writeFile: (name, contents) => void written.set(name, contents) },
  );
  const module = written.get('module.wasm');
  if (error || !(module instanceof Uint8Array)) throw new Error(`compile: ${file}: ${error?.message ?? stderr}`);
  return Uint8Array.from(module);
}
