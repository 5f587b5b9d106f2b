import { embeddedModules } from '../../../benchmarks/start/embedded-modules.js';

/** The smallest module: its magic number and version. */
const smallest = Buffer.from([0, 97, 115, 109, 1, 0, 0, 0]);

describe('embeddedModules', () => {
  it('finds the WebAssembly modules among the strings of a bundle', () => {
    const longer = Buffer.concat([smallest, Buffer.from([255, 254])]);
    const code = `var a="${smallest.toString('base64')}",b='AGFz',c=\`${longer.toString('base64')}\`;`;
    expect(embeddedModules(code)).toEqual([smallest, longer]);
  });

  it('finds those of this package, whatever the quotes that a minifier chose', () => {
    // Of the characters that it escapes, the backslash is 52 and the backtick 56.
    const code = 'var a="\'",b="( I [ U)(((\\\\`",c=`( I [ U)(((\\\\\\``,d="(";';
    const longer = Buffer.concat([smallest, Buffer.from([52, 56])]);
    expect(embeddedModules(code)).toEqual([longer, longer]);
  });

  it('finds none where there is none', () => {
    expect(embeddedModules('var a = "AGFz"; // AGFzbQEAAAA=')).toEqual([]);
  });
});
