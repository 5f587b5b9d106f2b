import type * as tf from '@tensorflow/tfjs';

/** What tells a file's format, before the file is read. */
export interface FileHead {
  /** As the file begins, and as it ends; all of a file that is shorter. */
  start: Uint8Array;
  end: Uint8Array;
  /** In bytes. */
  size: number;
}

/** One format of files; the table of them is `formats.ts`. */
export interface FileFormat {
  /** As an error lists it. */
  title: string;
  /** How the names of such files end, in lower case, for files whose bytes do not tell. */
  endings: readonly string[];
  /** Whether the bytes say that it is this format. */
  recognizes(head: FileHead): boolean;
  /** @throws FileError for a file that is not of the format after all. */
  open(path: string): Promise<OpenedFile>;
}

/** What there is in a file. */
export type OpenedFile = ModelFile | WeightsFile;

interface AnyFile {
  /** `Keras archive` */
  format: string;
  /** The framework and its version; null where the file does not say. */
  writtenBy: string | null;
}

/** A whole model. */
export interface ModelFile extends AnyFile {
  kind: 'model';
  /**
   * @param onNote Is told what is not as it was.
   * @throws FileError
   */
  load(onNote: (note: string) => void): Promise<tf.LayersModel>;
}

/** The options of the command that choose a module, each in files of its own kind. */
export const SELECTORS = ['prefix', 'node', 'scope'] as const;
export type Selector = (typeof SELECTORS)[number];

/** Weights of recurrent modules, and of anything else. */
export interface WeightsFile extends AnyFile {
  kind: 'weights';
  /** The option that chooses one of the modules; null where no layers can be made of them. */
  selector: Selector | null;
  /** Why they cannot, in that case: what completes the sentence "the file …". */
  refusal: string | null;
  modules: StoredModule[];
  others: OtherContents;
}

/** An LSTM or its like, of any number of layers, as weights. */
export interface StoredModule {
  /** What chooses it: a prefix, a node's path, a scope. */
  name: string;
  /** What the framework calls it: `nn.LSTM`; null for what cannot be read. */
  class: string | null;
  /** These four are null where the file does not say. */
  features: number | null;
  units: number | null;
  layers: number | null;
  direction: 'forward' | 'backward' | 'both ways' | null;
  /** What is taken for granted where layers are made of it; null for nothing. */
  note: string | null;
  /**
   * Makes the layers, the first one first, each [B, T, D] to [B, T, U]; the caller disposes them.
   *
   * @throws FileError where no layer computes this.
   */
  toLayers(): Promise<tf.layers.Layer[]>;
}

/** What a file of weights has beside them. */
export interface OtherContents {
  /** What is counted: `tensor`, `node`. */
  noun: string;
  count: number;
  /** Each, or each kind: `head.weight [10, 128]`, `12 MatMul`. */
  list: string[];
}
