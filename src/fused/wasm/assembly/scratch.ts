// Working memory is given out front to back. Laid out from address 0, it tells how much there must be.

const CACHE_LINE: usize = 64;

let next: usize = 0;

export function layOutFrom(address: usize): void {
  next = address;
}

/** Memory for `bytes` bytes, at the start of a cache line if the scratch memory is. */
export function reserve(bytes: usize): usize {
  const address = next;
  next += (bytes + CACHE_LINE - 1) & ~(CACHE_LINE - 1);
  return address;
}

export function bytesLaidOutFrom(address: usize): usize {
  return next - address;
}
