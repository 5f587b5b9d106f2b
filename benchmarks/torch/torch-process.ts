import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Contestant } from '../contestant.js';
import type { Shape } from '../shapes.js';
import { drawValues } from '../weights.js';

const PROGRAM = 'benchmarks/torch/lstm.py';

export interface TorchTask {
  shape: Shape;
  threads: number;
  isTraining: boolean;
}

export interface TorchContestant extends Contestant {
  /** Of PyTorch. */
  version: string;
  release: () => Promise<void>;
}

export const TORCH_ON_ONE_THREAD = 'PyTorch on 1 thread';

/** A Python process with PyTorch in it, which computes nothing but what it is asked for. */
export class TorchProcess {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly answers: Interface;
  private stderr = '';
  private isOver = false;

  /** @param python The executable. */
  constructor(python: string) {
    this.child = spawn(python, [PROGRAM]);
    this.child.stderr.on('data', (data) => {
      this.stderr += data;
    });
    const end = () => {
      this.isOver = true;
    };
    this.child.on('error', (error) => {
      this.stderr += error.message;
      end();
      this.answers.close();
    });
    this.child.stdin.on('error', end);
    this.answers = createInterface({ input: this.child.stdout });
    this.answers.on('close', end);
  }

  /**
   * PyTorch with a layer as this package's are made by `makeLayers`, with sigmoid gates.
   *
   * @throws Error with the last line that Python wrote, where it fails.
   */
  async contestant({ shape, threads, isTraining }: TorchTask): Promise<TorchContestant> {
    const folder = await mkdtemp(join(tmpdir(), 'explicit-lstm-torch-'));
    for (const [name, values] of Object.entries(drawValues(shape))) await writeFile(join(folder, name), values);
    const { version } = await this.ask<{ version: string }>({ ...shape, threads, isTraining, folder });
    const timedRun = async () => (await this.ask<{ milliseconds: number }>({ run: true })).milliseconds;
    return {
      name: `PyTorch on ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
      version,
      run: timedRun,
      timedRun,
      results: async () => {
        const { count } = await this.ask<{ count: number }>({ results: true });
        return Promise.all(Array.from({ length: count }, (_, index) => readFloats(join(folder, String(index)))));
      },
      release: () => rm(folder, { recursive: true }),
    };
  }

  end(): void {
    this.child.stdin.end();
  }

  private async ask<Answer>(request: object): Promise<Answer> {
    const line = new Promise<string>((resolve, reject) => {
      const fail = () =>
        reject(new Error(`${PROGRAM}: ${this.stderr.trim().split('\n').at(-1) || 'Python has ended'}`));
      if (this.isOver) return fail();
      this.answers.once('line', (text) => {
        this.answers.removeListener('close', fail);
        resolve(text);
      });
      this.answers.once('close', fail);
    });
    this.child.stdin.write(`${JSON.stringify(request)}\n`);
    return JSON.parse(await line);
  }
}

async function readFloats(path: string): Promise<Float32Array> {
  const { buffer } = Uint8Array.from(await readFile(path));
  return new Float32Array(buffer);
}
