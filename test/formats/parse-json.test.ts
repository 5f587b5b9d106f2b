import fc from 'fast-check';
import { FileError } from '../../src/formats/file-error.js';
import { parseJson } from '../../src/formats/parse-json.js';

const nested = (depth: number, open: string, close: string) => `${open.repeat(depth)}1${close.repeat(depth)}`;

describe('parseJson', () => {
  test('parses what JSON.parse does', () => {
    fc.assert(fc.property(fc.json({ maxDepth: 8 }), (text) => expect(parseJson(text)).toEqual(JSON.parse(text))));
  });

  test('takes what is 500 deep, and nothing deeper', () => {
    expect(() => parseJson(nested(500, '[', ']'))).not.toThrow();
    expect(() => parseJson(nested(501, '[', ']'))).toThrow('the document must not be nested deeper than 500');
    expect(() => parseJson(nested(501, '{"a":', '}'))).toThrow('must not be nested deeper');
    expect(() => parseJson(nested(1_000_000, '[', ']'))).toThrow(FileError);
  });

  test('counts brackets that nest, not those that follow each other or stand in text', () => {
    const items = Array.from({ length: 2000 }, () => [{ a: ']' }]);
    expect(parseJson(JSON.stringify(items))).toEqual(items);
    const text = { [`"${'['.repeat(600)}\\`]: `\\"${'{'.repeat(600)}` };
    expect(parseJson(JSON.stringify(text))).toEqual(text);
  });

  test('says what is no JSON', () => {
    expect(() => parseJson('{"a": ')).toThrow(/^the document must be JSON: /);
    expect(() => parseJson('"\\')).toThrow(FileError);
  });
});
