/** Bytes that are not of the format: where, and which rule they break. */
export class FormatError extends Error {
  override name = 'FormatError';

  /**
   * @param place Where in the document, or the document itself: `weightsManifest[0].paths`, `byte 17`, `the header`.
   * @param rule What completes the sentence: `must be an array of file names`.
   */
  constructor(
    readonly place: string,
    readonly rule: string,
  ) {
    super(`${place} ${rule}`);
  }
}
