import * as tf from '@tensorflow/tfjs';

/** Memory that outlasts a call. */
export interface LastingMemory {
  /** The address of so many bytes; 0 where there are none left. */
  allocate(bytes: number): number;
  free(address: number): void;
}

/** Room for the panels of one tensor of weights. */
export interface Panels {
  readonly address: number;
  /** Whether they are there. To be set by whoever writes them. */
  isPacked: boolean;
}

interface Entry extends Panels {
  readonly allocation: number;
  readonly bytes: number;
  readonly rows: number;
  readonly columns: number;
  readonly dataId: WeakRef<tf.DataId>;
  /** The number of the call that wanted it last. */
  lastCall: number;
}

/** The most that one memory keeps: what one LSTM of 1024 units and features has, twice. */
export const MOST_BYTES_OF_PANELS = 64 * 2 ** 20;

/** Panels start at cache lines. */
const ALIGNMENT = 64;

/**
 * Weights as the module reads them, kept from one call to the next in one memory.
 *
 * tfjs never changes the data of a tensor, and assigns to a variable by giving it another tensor's: so panels are those of a
 * data id, whoever has it. They are freed when the data are: at the latest when other weights come that are not known yet, or
 * when nobody has the id any more; or before, those not wanted for the longest time first, where there would be too many.
 */
export class KeptPanels {
  private readonly entries = new Set<Entry>();
  private readonly entryOf = new WeakMap<tf.DataId, Entry>();
  /** Weights of one call only, such as those of each step of training, are not worth the memory. */
  private readonly seen = new WeakSet<tf.DataId>();
  private readonly collected = new FinalizationRegistry<Entry>((entry) => this.drop(entry));
  private call = 0;
  private bytesKept = 0;

  constructor(
    private readonly memory: LastingMemory,
    private readonly mostBytes = MOST_BYTES_OF_PANELS,
  ) {}

  get bytes(): number {
    return this.bytesKept;
  }

  /** What is wanted from here on is not freed for what is wanted next. */
  beginCall(): void {
    this.call++;
  }

  /**
   * The panels of weights, or where they are to be written; null where they are not kept.
   *
   * @param bytesOf How much memory they take, as the module says.
   */
  want(weights: tf.Tensor2D, bytesOf: (rows: number, columns: number) => number): Panels | null {
    const { dataId, shape } = weights;
    const [rows, columns] = shape;
    const known = this.entryOf.get(dataId);
    if (known !== undefined) {
      if (known.rows !== rows || known.columns !== columns) return null;
      known.lastCall = this.call;
      return known;
    }
    this.dropDisposed();
    if (this.seen.has(dataId)) return this.add(dataId, rows, columns, bytesOf(rows, columns));
    this.seen.add(dataId);
    return null;
  }

  /** The same, without making room for any. */
  find({ dataId, shape }: tf.Tensor2D): Panels | null {
    const known = this.entryOf.get(dataId);
    if (known === undefined || known.rows !== shape[0] || known.columns !== shape[1]) return null;
    known.lastCall = this.call;
    return known;
  }

  /** Frees what was not packed, since the call that was to do it failed. */
  endCall(): void {
    for (const entry of this.entries) if (!entry.isPacked) this.drop(entry);
  }

  /** Forgets what was not packed, and leaves the memory to whoever may still write there. */
  abandonCall(): void {
    for (const entry of this.entries) if (!entry.isPacked) this.forget(entry);
  }

  /** Frees all that this call does not want. */
  dropOthers(): void {
    for (const entry of this.entries) if (entry.lastCall !== this.call) this.drop(entry);
  }

  private add(dataId: tf.DataId, rows: number, columns: number, bytes: number): Panels | null {
    if (!this.makeRoom(bytes + ALIGNMENT)) return null;
    const allocation = this.memory.allocate(bytes + ALIGNMENT);
    if (allocation === 0) return null;
    const address = Math.ceil(allocation / ALIGNMENT) * ALIGNMENT;
    const entry: Entry = {
      address,
      isPacked: false,
      allocation,
      bytes: bytes + ALIGNMENT,
      rows,
      columns,
      dataId: new WeakRef(dataId),
      lastCall: this.call,
    };
    this.entries.add(entry);
    this.entryOf.set(dataId, entry);
    this.collected.register(dataId, entry, entry);
    this.bytesKept += entry.bytes;
    return entry;
  }

  private makeRoom(bytes: number): boolean {
    const others = [...this.entries].filter(({ lastCall }) => lastCall !== this.call);
    const wantedBytes = this.bytesKept - others.reduce((sum, entry) => sum + entry.bytes, 0);
    if (wantedBytes + bytes > this.mostBytes) return false;
    for (const entry of others.sort((a, b) => a.lastCall - b.lastCall)) {
      if (this.bytesKept + bytes <= this.mostBytes) break;
      this.drop(entry);
    }
    return true;
  }

  private dropDisposed(): void {
    const backend = tf.backend();
    for (const entry of this.entries) {
      const dataId = entry.dataId.deref();
      if (dataId === undefined || backend.refCount(dataId) === 0) this.drop(entry);
    }
  }

  private drop(entry: Entry): void {
    if (this.forget(entry)) this.memory.free(entry.allocation);
  }

  /** Whether it was there. */
  private forget(entry: Entry): boolean {
    if (!this.entries.delete(entry)) return false;
    const dataId = entry.dataId.deref();
    if (dataId !== undefined) this.entryOf.delete(dataId);
    this.collected.unregister(entry);
    this.bytesKept -= entry.bytes;
    return true;
  }
}
