import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';

const CONTENT_TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
};

/** What each address answers with: a file's path, or the content itself. */
export type Routes = Record<string, string | Uint8Array>;

// With these, a page may share memory with its workers, and tfjs loads its threaded build.
const ISOLATED = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
const WASM_ALLOWED = { 'Content-Security-Policy': "script-src 'self' 'wasm-unsafe-eval'" };

/** Headers that a page may be served with: `/<policy>/page.html` is `/page.html` under that policy. */
const POLICIES: Record<string, Record<string, string>> = {
  isolated: ISOLATED,
  'isolated-strict': { ...ISOLATED, ...WASM_ALLOWED },
  'wasm-allowed': WASM_ALLOWED,
  'wasm-forbidden': { 'Content-Security-Policy': "script-src 'self'" },
};

/** Serves the routes, and nothing else, from a free port of localhost. */
export async function serve(routes: Routes): Promise<{ origin: string; server: Server }> {
  const server = createServer(async ({ url = '/' }, response) => {
    const [, policy = '', page] = /^\/([\w-]+)(\/.+)$/.exec(url) ?? [];
    const route = routes[url] ?? routes[page ?? ''];
    try {
      if (route === undefined) throw new Error(`no such page: ${url}`);
      const body = typeof route === 'string' ? await readFile(route) : route;
      const type = CONTENT_TYPES[extname(url)] ?? 'application/octet-stream';
      response.writeHead(200, { 'Content-Type': type, ...POLICIES[policy] }).end(body);
    } catch (error) {
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end(String(error));
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
