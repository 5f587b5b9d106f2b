import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface H5Attribute {
  value: unknown;
}

export interface H5Item {
  type: 'Group' | 'Dataset' | string;
  attrs: Record<string, H5Attribute>;
}

export interface H5Group extends H5Item {
  keys(): string[];
  get(path: string): H5Item | null;
}

export interface H5Dataset extends H5Item {
  shape: number[];
  value: ArrayLike<number | bigint>;
}

/**
 * Opens bytes by the HDF Group's own library, compiled to WebAssembly. Its build for pages is used: it keeps files in memory
 * only, where the one for Node may open whatever a file links to.
 */
export async function loadH5wasm(): Promise<(bytes: Uint8Array) => H5Group> {
  const code = readFileSync(join(__dirname, '../../../node_modules/h5wasm/dist/iife/h5wasm.js'), 'utf8');
  // It prints a stack of errors for each file that it refuses.
  const silent = { log() {}, warn() {}, error() {} };
  const { ready, File } = new Function('console', `${code}; return h5wasm;`)(silent);
  const { FS } = await ready;
  let count = 0;
  return (bytes) => {
    const name = `file-${count++}.h5`;
    FS.writeFile(name, bytes);
    return new File(name, 'r');
  };
}
