const CASTAGNOLI = 0x82f63b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ CASTAGNOLI : remainder >>> 1;
  return remainder;
});

function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let n = 0; n < bytes.length; n++) {
    crc = (crc >>> 8) ^ (TABLE[(crc ^ (bytes[n] as number)) & 0xff] as number);
  }
  return ~crc >>> 0;
}

/**
 * The checksum that LevelDB and TensorFlow store: CRC-32C, rotated and shifted, so that one of bytes which hold a checksum is
 * another one.
 */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
