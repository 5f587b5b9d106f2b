/** Something that the person at the terminal can mend: shown as its message alone. */
export class UserError extends Error {
  override name = 'UserError';
}

/** The message of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
