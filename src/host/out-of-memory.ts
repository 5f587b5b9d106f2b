/** What engines and backends say when memory runs out: V8, Firefox and Safari, Emscripten, TensorFlow. */
const TOLD_AS = [
  /\bAborted\(/,
  /memory access out of bounds/i,
  /array buffer allocation failed/i,
  /invalid (typed )?array(buffer)? length/i,
  /cannot enlarge memory/i,
  /out of memory/i,
  /\bOOM\b/,
  /could not allocate|failed to allocate/i,
];

/**
 * Whether an error says that memory ran out, in the words of any JavaScript engine or tfjs backend.
 *
 * ```ts
 * try {
 *   gradientFlowModel(model, x, y).forEach(({ flow }) => flow.dispose());
 * } catch (error) {
 *   if (!isOutOfMemory(error)) throw error;
 *   console.log('too much at once: try fewer samples');
 * }
 * ```
 *
 * @param error Whatever was thrown.
 * @throws Nothing.
 * @category Out of memory
 */
export function isOutOfMemory(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === 'OutOfMemoryError') return true;
  return TOLD_AS.some((words) => words.test(error.message)) || isOutOfMemory(error.cause);
}
