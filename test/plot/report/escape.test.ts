import fc from 'fast-check';
import { escapeHtml, escapeJson } from '../../../src/plot/report/escape.js';

test('HTML is text', () => {
  expect(escapeHtml(`<a href="x" id='y'>&</a>`)).toBe('&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;&lt;/a&gt;');
});

test('JSON within a script element comes back, and cannot end it', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('</script>', '<!--', ']]>', '\u2028\u2029', '&lt;'),
  );
  fc.assert(
    fc.property(fc.array(hostile), (texts) => {
      const json = escapeJson({ texts });
      expect(JSON.parse(json)).toEqual({ texts });
      expect(json).not.toMatch(/[<>&\u2028\u2029]/);
    }),
  );
});
