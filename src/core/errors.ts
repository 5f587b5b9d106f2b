/** What an error says beyond the rule. */
export interface ErrorContext {
  /** Name of the layer concerned. */
  layer?: string;
  /** The error that tfjs threw. */
  cause?: unknown;
}

/**
 * The error of an argument that breaks a rule: `LSTM.trace: mask must be [B, T] = [4, 10], got [4, 9] (layer 'lstm_1')`.
 *
 * @param where The public function or method that was called.
 * @param rule What the argument must be.
 * @param received The value, shown as a person would write it.
 */
export function invalidArgument(where: string, rule: string, received: unknown, context: ErrorContext = {}): Error {
  const { layer, cause } = context;
  const message = `${where}: ${rule}, got ${describeValue(received)}${layer === undefined ? '' : ` (layer '${layer}')`}`;
  const more = remarks.map((remark) => remark(received)).filter((text) => text !== null);
  return new RangeError([message, ...more].join('. '), cause === undefined ? {} : { cause });
}

/** What else there is to say of a value that breaks a rule, in whole sentences; null for nothing. */
export type Remark = (received: unknown) => string | null;

const remarks: Remark[] = [];

/** Lets other rooms add to every argument error what they know about the value. */
export function addRemark(remark: Remark): void {
  remarks.push(remark);
}

/** The error of a call that came too early, or to a layer that is not of the kind: `LSTM.trace: … (layer 'lstm_1')`. */
export function invalidState(where: string, rule: string, layer: string): Error {
  return new Error(`${where}: ${rule} (layer '${layer}')`);
}

/** A layer or model, whose many private keys would say nothing. */
interface NamedLayer {
  name: string;
  getClassName(): string;
}

/** How long a value's description may become, in characters. */
const LONGEST_DESCRIPTION = 200;

/** A value for an error message: on one line, in bounded time, at most 200 characters long. */
export function describeValue(value: unknown): string {
  return describeWithin(value, LONGEST_DESCRIPTION).replace(/[\r\n]+/g, ' ');
}

function describeWithin(value: unknown, room: number): string {
  if (Array.isArray(value)) return describeList(value, room);
  if (typeof value === 'string') return shorten(`'${value.slice(0, room)}${value.length > room ? '' : "'"}`, room);
  if (typeof value === 'function') return shorten(`the function ${value.name || '(anonymous)'}`, room);
  if (typeof value === 'bigint') return `${shorten(String(value), room - 1)}n`;
  if (typeof value !== 'object' || value === null) return shorten(String(value), room);
  const name = shorten(String(value.constructor?.name ?? 'object'), LONGEST_DESCRIPTION / 4);
  if (ArrayBuffer.isView(value) && 'length' in value)
    return describeTypedArray(name, value as unknown as NumberList, room);
  if ('shape' in value && Array.isArray(value.shape)) return `a ${name} of shape ${describeWithin(value.shape, room)}`;
  if ('getClassName' in value && 'name' in value) {
    return shorten(`the ${(value as NamedLayer).getClassName()} '${value.name}'`, room);
  }
  return shorten(`an object of class ${name} with keys ${describeWithin(Object.keys(value), room)}`, room);
}

type NumberList = ArrayLike<number | bigint>;

/** The list, or its first entries and how many there are. */
function describeList(list: readonly unknown[], room: number): string {
  const { text, isWhole } = firstEntries(list, room);
  return isWhole ? `[${text}]` : `an array of ${list.length}: [${text}…]`;
}

function describeTypedArray(name: string, list: NumberList, room: number): string {
  const { text, isWhole } = firstEntries(list, room);
  return `a ${name} of ${list.length}: [${text}${isWhole ? '' : '…'}]`;
}

function firstEntries(list: ArrayLike<unknown>, room: number): { text: string; isWhole: boolean } {
  // Of the entries of a list within a list within a list there is no telling any more.
  if (room < MOST_LETTERS_AROUND_ENTRIES) return { text: '', isWhole: list.length === 0 };
  const available = room - MOST_LETTERS_AROUND_ENTRIES;
  let text = '';
  for (let index = 0; index < list.length; index++) {
    const next = `${index === 0 ? '' : ', '}${describeWithin(list[index], available)}`;
    if (text.length + next.length > available) return { text: text === '' ? '' : `${text}, `, isWhole: false };
    text += next;
  }
  return { text, isWhole: true };
}

/** 'a Uint8ClampedArray of 1234567890123: [' and ', …]' */
const MOST_LETTERS_AROUND_ENTRIES = 45;

function shorten(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, room - 1)}…`;
}
