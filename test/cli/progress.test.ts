import { Progress } from '../../src/cli/progress.js';

function written(isInteractive: boolean, use: (progress: Progress) => void): string {
  let text = '';
  use(
    new Progress({
      out: () => {
        throw new Error('progress is not a result');
      },
      error: (more) => {
        text += more;
      },
      isInteractive,
    }),
  );
  return text;
}

describe('Progress', () => {
  test('overwrites its line, and erases it at the end', () => {
    const text = written(true, (progress) => {
      progress.step('reading');
      progress.step('tracing');
      progress.end();
      progress.end();
    });
    expect(text).toBe('reading …\r\u001b[Ktracing …\r\u001b[K');
  });

  test('says nothing where no person looks on', () => {
    const text = written(false, (progress) => {
      progress.step('reading');
      progress.end();
    });
    expect(text).toBe('');
  });
});
