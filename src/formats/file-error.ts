/** What an error of a file says beyond the rule. */
export interface FileErrorContext {
  /** The file's name or address, where it is known. */
  file?: string;
  /** What its owner can do, as a whole clause: `save it without a time-major LSTM`. */
  advice?: string;
  /** What was thrown further in. */
  cause?: unknown;
}

/** A file's own names stand in its errors, and a hostile one's may be as long as the file. */
const LONGEST_PLACE = 300;
const LONGEST_RULE = 2000;

/**
 * All that can be wrong with a file: where in it, which rule is broken and, where there is something, what to do about it.
 *
 * ```ts
 * try {
 *   await loadKeras('model.keras');
 * } catch (error) {
 *   if (error instanceof FileError) console.log(error.file, error.place, error.rule, error.advice);
 * }
 * ```
 *
 * @category Errors
 */
export class FileError extends Error {
  override name = 'FileError';
  readonly place: string;
  readonly rule: string;
  readonly file: string | undefined;
  readonly advice: string | undefined;

  /**
   * @param place Where in the file, or the file itself: `weightsManifest[0].paths`, `byte 17`, `layer 'lstm_1'`.
   * @param rule What completes the sentence: `must be an array of file names`.
   */
  constructor(place: string, rule: string, { file, advice, cause }: FileErrorContext = {}) {
    const shownPlace = shorten(place, LONGEST_PLACE);
    const shownRule = shorten(rule, LONGEST_RULE);
    const where = file === undefined ? '' : `${file}: `;
    const remedy = advice === undefined ? '' : `; ${advice}`;
    super(`${where}${shownPlace} ${shownRule}${remedy}`, cause === undefined ? {} : { cause });
    this.place = shownPlace;
    this.rule = shownRule;
    this.file = file;
    this.advice = advice;
  }

  /** The same error, with the name of the file that it is about, unless it has one. */
  inFile(file: string): FileError {
    if (this.file !== undefined) return this;
    const context: FileErrorContext = { file, cause: this };
    if (this.advice !== undefined) context.advice = this.advice;
    return new FileError(this.place, this.rule, context);
  }
}

function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
