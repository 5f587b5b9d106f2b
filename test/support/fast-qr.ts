import type * as tfjs from '@tensorflow/tfjs';

type QR = typeof tfjs.linalg.qr;

/**
 * Has tfjs factorize tall matrices in JavaScript, in float64, and returns what did it before. The default initializer of
 * every recurrent kernel factorizes one, for which tfjs runs some twenty operations a column: a third of the time of a test
 * that makes models. The values are the same up to signs, and these the initializer evens out.
 */
export function useFastQR(tf: typeof tfjs): QR {
  const { qr } = tf.linalg;
  tf.linalg.qr = (x, fullMatrices = false) => {
    const [rows, columns] = x.shape as [number, number];
    return x.rank === 2 && !fullMatrices && rows >= columns ? gramSchmidt(tf, x as tfjs.Tensor2D) : qr(x, fullMatrices);
  };
  return qr;
}

function gramSchmidt(tf: typeof tfjs, x: tfjs.Tensor2D): [tfjs.Tensor, tfjs.Tensor] {
  const [rows, columns] = x.shape;
  const values = x.dataSync();
  const q: number[][] = [];
  const r = Array.from({ length: columns }, () => new Array<number>(columns).fill(0));
  for (let k = 0; k < columns; k++) {
    let rest = Array.from({ length: rows }, (_, n) => values[n * columns + k] as number);
    for (const [n, direction] of q.entries()) {
      const along = product(direction, rest);
      rest = rest.map((value, at) => value - along * (direction[at] as number));
      (r[n] as number[])[k] = along;
    }
    const norm = Math.sqrt(product(rest, rest));
    (r[k] as number[])[k] = norm;
    q.push(rest.map((value) => value / norm));
  }
  const rowsOfQ = Array.from({ length: rows }, (_, n) => q.map((direction) => direction[n] as number));
  return [tf.tensor2d(rowsOfQ, [rows, columns]), tf.tensor2d(r, [columns, columns])];
}

const product = (a: number[], b: number[]) => a.reduce((sum, value, n) => sum + value * (b[n] as number), 0);
