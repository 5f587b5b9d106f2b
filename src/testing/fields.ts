import { invalidArgument } from '../core/errors.js';
import type { OptionRule } from '../core/options.js';

const MAX_ELEMENTS = 2 ** 28;

/** A value inside a parsed JSON document, which knows where it is so that an error can say so. */
export class Field {
  constructor(
    private readonly value: unknown,
    readonly path: string,
  ) {}

  fail(rule: string): Error {
    return invalidArgument('loadFixture', `${this.path} must be ${rule}`, this.value);
  }

  get isNull(): boolean {
    return this.value === null;
  }

  /** A field of this object; null where the document leaves it out. */
  at(key: string): Field {
    const object = this.object();
    return new Field(Object.hasOwn(object, key) ? object[key] : null, this.path === '' ? key : `${this.path}.${key}`);
  }

  keys(): string[] {
    return Object.keys(this.object());
  }

  object(): Record<string, unknown> {
    if (typeof this.value !== 'object' || this.value === null || Array.isArray(this.value)) {
      throw this.path === ''
        ? invalidArgument('loadFixture', 'the document must be a JSON object', this.value)
        : this.fail('an object');
    }
    return this.value as Record<string, unknown>;
  }

  items(): Field[] {
    if (!Array.isArray(this.value)) throw this.fail('an array');
    return this.value.map((item, index) => new Field(item, `${this.path}[${index}]`));
  }

  /** A value that keeps a rule. */
  keeping(rule: OptionRule): unknown {
    if (!rule.holds(this.value)) throw this.fail(rule.must);
    return this.value;
  }

  string(): string {
    if (typeof this.value !== 'string') throw this.fail('a string');
    return this.value;
  }

  boolean(): boolean {
    if (typeof this.value !== 'boolean') throw this.fail('true or false');
    return this.value;
  }

  number(): number {
    if (typeof this.value !== 'number' || !Number.isFinite(this.value)) throw this.fail('a finite number');
    return this.value;
  }

  /** A whole number of at least `least`. */
  integer(least: number): number {
    if (!Number.isSafeInteger(this.value) || (this.value as number) < least) {
      throw this.fail(`a whole number of at least ${least}`);
    }
    return this.value as number;
  }

  oneOf<Choice extends string | null>(choices: readonly Choice[]): Choice {
    if (!choices.includes(this.value as Choice)) {
      throw this.fail(`one of ${choices.map((choice) => JSON.stringify(choice)).join(', ')}`);
    }
    return this.value as Choice;
  }

  orNull<Result>(read: (field: Field) => Result): Result | null {
    return this.isNull ? null : read(this);
  }

  /** A tensor's sizes; checked before anything of that size is allocated. */
  shape(): number[] {
    const shape = this.items().map((item) => item.integer(1));
    if (shape.reduce((product, size) => product * size, 1) > MAX_ELEMENTS) {
      throw this.fail(`of at most ${MAX_ELEMENTS} elements`);
    }
    return shape;
  }
}
