import ts from 'typescript';

/** One change of a source file. */
export interface Mutant {
  file: string;
  line: number;
  /** What kind of change it is, as `condition`. */
  kind: string;
  start: number;
  end: number;
  before: string;
  after: string;
}

const { SyntaxKind } = ts;

const OPERATORS = new Map<ts.SyntaxKind, string>([
  [SyntaxKind.PlusToken, '-'],
  [SyntaxKind.MinusToken, '+'],
  [SyntaxKind.AsteriskToken, '/'],
  [SyntaxKind.SlashToken, '*'],
  [SyntaxKind.PercentToken, '*'],
  [SyntaxKind.LessThanToken, '<='],
  [SyntaxKind.LessThanEqualsToken, '<'],
  [SyntaxKind.GreaterThanToken, '>='],
  [SyntaxKind.GreaterThanEqualsToken, '>'],
  [SyntaxKind.EqualsEqualsEqualsToken, '!=='],
  [SyntaxKind.ExclamationEqualsEqualsToken, '==='],
  [SyntaxKind.AmpersandAmpersandToken, '||'],
  [SyntaxKind.BarBarToken, '&&'],
  [SyntaxKind.PlusEqualsToken, '-='],
  [SyntaxKind.MinusEqualsToken, '+='],
  [SyntaxKind.AsteriskEqualsToken, '/='],
  [SyntaxKind.SlashEqualsToken, '*='],
]);

/** Names of functions and methods that are exchanged. */
const OTHER_METHOD: Readonly<Record<string, string>> = {
  min: 'max',
  max: 'min',
  some: 'every',
  every: 'some',
  floor: 'ceil',
  ceil: 'floor',
  add: 'sub',
  sub: 'add',
  mul: 'div',
  div: 'mul',
  sum: 'mean',
  mean: 'sum',
};
/** What is left out, so that only its object or argument remains. */
const LEFT_OUT = ['filter', 'sort', 'reverse', 'slice', 'trim', 'abs', 'toSorted'];

/** Words for people, which no test needs to repeat. */
const SPEAKERS = /^(invalidArgument|warnOnce|warn|log|error|\w*Error)$/;

function isWords(node: ts.Node): boolean {
  if (ts.isThrowStatement(node)) return true;
  if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return false;
  const { expression } = node;
  return SPEAKERS.test(ts.isPropertyAccessExpression(expression) ? expression.name.text : expression.getText());
}

function isSkipped(node: ts.Node): boolean {
  return (
    ts.isTypeNode(node) ||
    ts.isImportDeclaration(node) ||
    ts.isExportDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node)
  );
}

/** Every change of one place that this tool knows; which of them compile, the caller finds out. */
export function mutantsOf(file: string, text: string): Mutant[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const mutants: Mutant[] = [];

  const add = (kind: string, node: ts.Node, after: string): void => {
    const start = node.getStart(source);
    const before = text.slice(start, node.end);
    const line = source.getLineAndCharacterOfPosition(start).line + 1;
    if (after !== before) mutants.push({ file, line, kind, start, end: node.end, before, after });
  };
  const negate = (condition: ts.Expression): void => add('condition', condition, `!(${condition.getText()})`);

  const changeCall = (call: ts.CallExpression): void => {
    const [first, second, ...rest] = call.arguments.map((argument) => argument.getText());
    const callee = call.expression.getText();
    if (first !== undefined && second !== undefined && !/\.(add|mul|max|min|maximum|minimum)$/.test(callee)) {
      add('arguments', call, `${callee}(${[second, first, ...rest].join(', ')})`);
    }
    if (!ts.isPropertyAccessExpression(call.expression)) return;
    const { expression, name } = call.expression;
    const other = OTHER_METHOD[name.text];
    if (other) add('method', name, other);
    const isFunction = ['tf', 'Math'].includes(expression.getText());
    if (LEFT_OUT.includes(name.text))
      add('method', call, isFunction && first !== undefined ? first : expression.getText());
  };

  const changeStatement = (node: ts.Node): void => {
    if (ts.isIfStatement(node) || ts.isWhileStatement(node)) negate(node.expression);
    if (ts.isThrowStatement(node)) add('statement', node, ';');
    if (ts.isReturnStatement(node) && node.expression) add('returned', node.expression, 'undefined');
    if (!ts.isExpressionStatement(node)) return;
    const { expression } = node;
    const isSuper = ts.isCallExpression(expression) && expression.expression.kind === SyntaxKind.SuperKeyword;
    if (!isSuper && !ts.isStringLiteral(expression)) add('statement', node, ';');
  };

  const changeExpression = (node: ts.Node, inWords: boolean): void => {
    if (ts.isBinaryExpression(node)) {
      const operator = OPERATORS.get(node.operatorToken.kind);
      if (operator) add('operator', node.operatorToken, operator);
      if (node.operatorToken.kind === SyntaxKind.QuestionQuestionToken) add('operator', node, node.left.getText());
    }
    if (ts.isConditionalExpression(node)) negate(node.condition);
    if (ts.isArrowFunction(node) && !ts.isBlock(node.body)) add('returned', node.body, 'undefined');
    if (ts.isPrefixUnaryExpression(node)) {
      if (node.operator === SyntaxKind.ExclamationToken) add('operator', node, node.operand.getText());
      // Of a literal the sign is its own, so that -1 is not taken for 1 and for 2.
      if (node.operator === SyntaxKind.MinusToken) add('operator', node, node.operand.getText());
    }
    if (ts.isNumericLiteral(node)) add('constant', node, String(Number(node.text) === 0 ? 1 : Number(node.text) * 2));
    if (node.kind === SyntaxKind.TrueKeyword) add('constant', node, 'false');
    if (node.kind === SyntaxKind.FalseKeyword) add('constant', node, 'true');
    if (ts.isCallExpression(node)) changeCall(node);
    if (inWords) return;
    if (ts.isStringLiteral(node)) add('string', node, `'${node.text.replace(/['\\\n]/g, '')}~'`);
    if (ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateExpression(node)) add('string', node, "'~'");
    if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name)) add('property', node.name, `${node.name.text}_`);
    if (ts.isShorthandPropertyAssignment(node)) add('property', node, `${node.name.text}_: ${node.name.text}`);
  };

  const visit = (node: ts.Node, inWords: boolean): void => {
    if (isSkipped(node)) return;
    const speaks = inWords || isWords(node);
    changeStatement(node);
    changeExpression(node, speaks);
    ts.forEachChild(node, (child) => visit(child, speaks));
  };
  visit(source, false);
  return mutants;
}

/** A source with one change made. */
export function mutated(text: string, { start, end, after }: Mutant): string {
  return text.slice(0, start) + after + text.slice(end);
}

/**
 * A source in which every function says that it was entered, as `hit('src/core/scan.ts:812')`: by file and by the place
 * where the function begins.
 */
export function withProbes(file: string, text: string): string {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const insertions: Array<{ at: number; text: string }> = [];
  const visit = (node: ts.Node): void => {
    const body = bodyOf(node);
    if (body) {
      const call = `globalThis.__mutateHit?.('${file}:${node.pos}')`;
      if (ts.isBlock(body)) insertions.push({ at: body.getStart(source) + 1, text: `${call};` });
      else insertions.push({ at: body.getStart(source), text: `(${call}, ` }, { at: body.end, text: ')' });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  let result = text;
  for (const insertion of insertions.sort((a, b) => b.at - a.at)) {
    result = result.slice(0, insertion.at) + insertion.text + result.slice(insertion.at);
  }
  return result;
}

/** The probe of the function that a mutant stands in, or undefined at the top of a file. */
export function probeOf({ file, start }: Mutant, text: string): string | undefined {
  let found: string | undefined;
  const visit = (node: ts.Node): void => {
    if (start < node.pos || start >= node.end) return;
    const body = bodyOf(node);
    if (body && start >= body.pos) found = `${file}:${node.pos}`;
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true));
  return found;
}

function bodyOf(node: ts.Node): ts.Block | ts.Expression | undefined {
  const hasBody = ts.isFunctionLike(node) && 'body' in node;
  return hasBody ? (node.body as ts.Block | ts.Expression | undefined) : undefined;
}
