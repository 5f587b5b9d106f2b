import { FileError } from '../formats/file-error.js';

/** Lets errors of reading bytes name the file that they are of. */
export async function inFile<Result>(file: string, read: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const { place, rule, advice } = error;
    throw new FileError(place, rule, advice === undefined ? { file, cause: error } : { file, advice, cause: error });
  }
}
