import { statSync } from 'node:fs';
import { printable, type Terminal } from './terminal.js';

const ERASE_LINE = '\r\u001b[K';

/** Says what is being done, on one line that is overwritten; silent unless the terminal is interactive. */
export class Progress {
  private isLineOpen = false;

  constructor(private readonly terminal: Terminal) {}

  /** Begins a step of work. */
  step(what: string): void {
    if (!this.terminal.isInteractive) return;
    this.terminal.error(`${this.isLineOpen ? ERASE_LINE : ''}${printable(what)} …`);
    this.isLineOpen = true;
  }

  /** Begins to read a model; of a large one it says how large. */
  reading(path: string): void {
    const megabytes = Math.floor((statSync(path, { throwIfNoEntry: false })?.size ?? 0) / 1e6);
    this.step(`reading the model${megabytes === 0 ? '' : ` (${megabytes} MB)`}`);
  }

  /** Erases the line; call it before writing anything else. */
  end(): void {
    if (this.isLineOpen) this.terminal.error(ERASE_LINE);
    this.isLineOpen = false;
  }
}
