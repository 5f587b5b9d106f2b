/** Runs something with console.warn caught, and returns what it warned of. */
export async function warningsOf(run: () => unknown): Promise<string[]> {
  const spy = jest.spyOn(console, 'warn').mockImplementation();
  try {
    await run();
    return spy.mock.calls.map((call) => call.join(' '));
  } finally {
    spy.mockRestore();
  }
}
