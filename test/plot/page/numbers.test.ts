import { numbersOf, numberText } from '../../../src/plot/page/numbers.js';

const TRACE = {
  sample: 0,
  timesteps: 3,
  units: 2,
  unitIndices: [4, 9],
  activation: 'tanh',
  recurrentActivation: 'sigmoid',
  valid: [true, false, true],
  values: { f: [0.125, 1, 0.5, 0.5, Number.NaN, 2 / 3] },
};

test('Numbers are a row a step and a column a unit, empty where there is none, and labels are quoted', () => {
  expect(numbersOf({ trace: TRACE, quantity: 'f', labels: ['a,"b"', ' ', 'c'] })).toBe(
    'step,label,valid,f 4,f 9\r\n0,"a,""b""",1,0.125,1\r\n1," ",0,,\r\n2,c,1,,0.666667\r\n',
  );
  expect(numbersOf({ trace: TRACE, quantity: 'f', labels: null }).split('\r\n')[1]).toBe('0,,1,0.125,1');
});

test('A text that a spreadsheet would compute has an apostrophe before it, and a number has none', () => {
  const given = ['=1+1', '+1', '-1', '@a', '\t=1', '\n', '＝1', 'a=1', '1-'];
  const written = [`'=1+1`, `'+1`, `'-1`, `'@a`, `"'\t=1"`, `"'\n"`, `'＝1`, 'a=1', '1-'];
  for (const [n, label] of given.entries()) {
    const csv = numbersOf({
      trace: { ...TRACE, values: { f: [-0.5, 0, 0, 0, 0, 0] } },
      quantity: 'f',
      labels: [label],
    });
    expect(csv).toContain(`\r\n0,${written[n]},1,-0.5,0\r\n`);
  }
  const named = { trace: { ...TRACE, values: { '=f': TRACE.values.f } }, quantity: '=f', labels: null };
  expect(numbersOf(named).split('\r\n')[0]).toBe(`step,label,valid,'=f 4,'=f 9`);
});

test('A number has the digits that are known of it, and zero no sign', () => {
  expect([0.12345, -12.345, 1234.5].map((value) => numberText(value, 3))).toEqual(['0.123', '-12.35', '1235']);
  expect([-0.0001, -0, 0.004].map((value) => numberText(value, 2))).toEqual(['0.00', '0.00', '0.00']);
  expect(numberText(Number.NaN, 3)).toBe('not finite');
});
