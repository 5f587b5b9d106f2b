/** The WebAssembly modules that a program holds as base64: '\0asm', with which they begin, is AGFzbQ there. */
export function embeddedModules(code: string): Buffer[] {
  return [...code.matchAll(/["'`](AGFzbQ[\w+/=]*)["'`]/g)].map(([, base64]) => Buffer.from(base64 as string, 'base64'));
}
