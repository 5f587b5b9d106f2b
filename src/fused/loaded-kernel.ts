import type { FusedKernel, FusedProblem } from './fused-kernel.js';

/**
 * A fused kernel whose code is loaded when it is first asked for, so that pages that never do need not load it: bundlers that
 * split code put it in a file of its own.
 */
export class LoadedKernel implements FusedKernel {
  private kernel: FusedKernel | null = null;
  private loading: Promise<void> | null = null;
  private failure: string | null = null;

  constructor(
    readonly name: string,
    private readonly load: () => Promise<FusedKernel>,
  ) {}

  refusal(problem: FusedProblem): string | null {
    if (this.kernel !== null) return this.kernel.refusal(problem);
    // What it may throw, a call that waits for it is told.
    this.prepare().catch(() => {});
    return this.failure ?? 'the fused kernel is being checked';
  }

  async prepare(): Promise<void> {
    this.loading ??= this.load().then(
      (kernel) => {
        this.kernel = kernel;
      },
      (error: unknown) => {
        this.failure = `the fused kernel cannot be loaded: ${error}`;
      },
    );
    await this.loading;
    await this.kernel?.prepare?.();
  }

  forward(...given: Parameters<FusedKernel['forward']>): ReturnType<FusedKernel['forward']> {
    return (this.kernel as FusedKernel).forward(...given);
  }

  backward(...given: Parameters<FusedKernel['backward']>): ReturnType<FusedKernel['backward']> {
    return (this.kernel as FusedKernel).backward(...given);
  }
}
