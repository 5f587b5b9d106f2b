import type { Terminal } from './terminal.js';

const ERASE_LINE = '\r\u001b[K';

/** Says what is being done, on one line that is overwritten; nothing where no person looks on. */
export class Progress {
  private isLineOpen = false;

  constructor(private readonly terminal: Terminal) {}

  /** Begins a step of work. */
  step(what: string): void {
    if (!this.terminal.isInteractive) return;
    this.terminal.error(`${this.isLineOpen ? ERASE_LINE : ''}${what} …`);
    this.isLineOpen = true;
  }

  /** Erases the line; to be called before anything else is written. */
  end(): void {
    if (this.isLineOpen) this.terminal.error(ERASE_LINE);
    this.isLineOpen = false;
  }
}
