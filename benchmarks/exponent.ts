/**
 * Fits y = a · x^k to points by least squares on their logarithms.
 *
 * @returns k: 1 where y grows linearly with x, 2 where it grows with its square.
 */
export function fitExponent(points: readonly { x: number; y: number }[]): number {
  const logs = points.map(({ x, y }) => ({ x: Math.log(x), y: Math.log(y) }));
  const mean = { x: average(logs.map(({ x }) => x)), y: average(logs.map(({ y }) => y)) };
  const covariance = average(logs.map(({ x, y }) => (x - mean.x) * (y - mean.y)));
  const variance = average(logs.map(({ x }) => (x - mean.x) ** 2));
  return covariance / variance;
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
