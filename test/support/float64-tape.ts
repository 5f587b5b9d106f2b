/** Reverse-mode differentiation in float64: a vector, and the gradient of some sum with respect to it. */
export interface Vector {
  readonly values: Float64Array;
  readonly gradient: Float64Array;
}

/** A function's value and derivative at x. */
export type Differentiable = (x: number) => { value: number; derivative: number };

/**
 * Records operations on vectors, each with the rule of its own gradient: what is composed of them is differentiated by
 * the chain rule alone, with no formula of an LSTM's backward pass.
 */
export class Tape {
  private readonly rules: (() => void)[] = [];

  variable(values: ArrayLike<number>): Vector {
    return { values: Float64Array.from(values), gradient: new Float64Array(values.length) };
  }

  add(a: Vector, b: Vector): Vector {
    const sum = this.variable(a.values.map((value, n) => value + at(b.values, n)));
    this.rules.push(() => {
      accumulate(a, (n) => at(sum.gradient, n));
      accumulate(b, (n) => at(sum.gradient, n));
    });
    return sum;
  }

  multiply(a: Vector, b: Vector): Vector {
    const product = this.variable(a.values.map((value, n) => value * at(b.values, n)));
    this.rules.push(() => {
      accumulate(a, (n) => at(product.gradient, n) * at(b.values, n));
      accumulate(b, (n) => at(product.gradient, n) * at(a.values, n));
    });
    return product;
  }

  map(a: Vector, f: Differentiable): Vector {
    const mapped = this.variable(a.values.map((value) => f(value).value));
    this.rules.push(() => accumulate(a, (n) => at(mapped.gradient, n) * f(at(a.values, n)).derivative));
    return mapped;
  }

  /** Elements `from` to `to`. */
  slice(a: Vector, from: number, to: number): Vector {
    const sliced = this.variable(a.values.subarray(from, to));
    this.rules.push(() => {
      for (let n = from; n < to; n++) a.gradient[n] = at(a.gradient, n) + at(sliced.gradient, n - from);
    });
    return sliced;
  }

  /** row [K] · columns `from` to `to` of a matrix [K, columns]. */
  product(row: Vector, matrix: Vector, columns: number, from: number, to: number): Vector {
    const result = this.variable(new Float64Array(to - from));
    for (let k = 0; k < row.values.length; k++) {
      const factor = at(row.values, k);
      for (let n = 0; n < to - from; n++) {
        result.values[n] = at(result.values, n) + factor * at(matrix.values, k * columns + from + n);
      }
    }
    this.rules.push(() => {
      for (let k = 0; k < row.values.length; k++) {
        const factor = at(row.values, k);
        let sum = 0;
        for (let n = 0; n < to - from; n++) {
          const [element, gradient] = [k * columns + from + n, at(result.gradient, n)];
          sum += gradient * at(matrix.values, element);
          matrix.gradient[element] = at(matrix.gradient, element) + gradient * factor;
        }
        row.gradient[k] = at(row.gradient, k) + sum;
      }
    });
    return result;
  }

  /** Adds to a vector's gradient what reaches it from outside. To be called once all is recorded. */
  seed(a: Vector, gradient: ArrayLike<number>): void {
    accumulate(a, (n) => at(gradient, n));
  }

  /** Carries the gradients back to all that was recorded. To be called once. */
  backward(): void {
    for (const rule of this.rules.reverse()) rule();
  }
}

function accumulate(a: Vector, gradient: (n: number) => number): void {
  for (let n = 0; n < a.gradient.length; n++) a.gradient[n] = at(a.gradient, n) + gradient(n);
}

function at(values: ArrayLike<number>, n: number): number {
  return values[n] as number;
}
