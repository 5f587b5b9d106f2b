interface NewerUint8Array {
  fromBase64(text: string): Uint8Array<ArrayBuffer>;
}

export function toBase64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let n = 0; n < bytes.length; n += 0x8000) parts.push(String.fromCharCode(...bytes.subarray(n, n + 0x8000)));
  return btoa(parts.join(''));
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  // What browsers have had since 2025 takes a tenth of the time.
  if ('fromBase64' in Uint8Array) return (Uint8Array as unknown as NewerUint8Array).fromBase64(text);
  const letters = atob(text);
  // An iterator takes ten times as long, which a page of two megabytes has no time for.
  const bytes = new Uint8Array(letters.length);
  for (let n = 0; n < bytes.length; n++) bytes[n] = letters.charCodeAt(n);
  return bytes;
}
