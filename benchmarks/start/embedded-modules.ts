import { decodeBytes } from '../../src/fused/wasm/module.js';

/** The WebAssembly modules that a program holds as text: as base64, or as this package does. Each begins with '\0asm'. */
export function embeddedModules(code: string): Buffer[] {
  const inBase64 = [...code.matchAll(/["'`](AGFzbQ[\w+/=]*)["'`]/g)].map(([, text]) =>
    Buffer.from(text as string, 'base64'),
  );
  // Minifiers choose the quotes, and escape them and backslashes within.
  const ours = [...code.matchAll(/(["'`])(\( I \[ U(?:\\.|(?!\1).)*)\1/g)].map(([, , text]) =>
    Buffer.from(decodeBytes((text as string).replace(/\\(.)/g, '$1'))),
  );
  return [...inBase64, ...ours];
}
