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
  /** The smallest expression or statement around it that another can stand for; null where none can. */
  around: { start: number; end: number; isStatement: boolean } | null;
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

/** Whether an expression may be put in parentheses where it stands, and have another put in its place. */
function standsForItself(node: ts.Node): boolean {
  if (!ts.isExpression(node)) return false;
  if (ts.isCallExpression(node) && node.expression.kind === SyntaxKind.SuperKeyword) return false;
  const { parent } = node;
  const isName = 'name' in parent && parent.name === node;
  // A method would lose its object, and a chain of `?.` the rest of it.
  const isBegun = (ts.isLeftHandSideExpression(parent) || ts.isNonNullExpression(parent)) && firstOf(parent) === node;
  const isWrittenTo =
    (ts.isBinaryExpression(parent) && parent.left === node && isAssignment(parent.operatorToken.kind)) ||
    ts.isPostfixUnaryExpression(parent) ||
    (ts.isPrefixUnaryExpression(parent) && isStep(parent.operator)) ||
    ts.isDeleteExpression(parent) ||
    (ts.isForOfStatement(parent) && parent.initializer === node);
  return !isName && !isBegun && !isWrittenTo && !ts.isShorthandPropertyAssignment(parent);
}

const firstOf = (node: ts.Node) =>
  ts.isTaggedTemplateExpression(node) ? node.tag : 'expression' in node && !ts.isNewExpression(node) && node.expression;

const isAssignment = (kind: ts.SyntaxKind) => kind >= SyntaxKind.FirstAssignment && kind <= SyntaxKind.LastAssignment;

const isStep = (kind: ts.SyntaxKind) => kind === SyntaxKind.PlusPlusToken || kind === SyntaxKind.MinusMinusToken;

function replaceableAround(changed: ts.Node, source: ts.SourceFile): Mutant['around'] {
  const isStatement = ts.isStatement(changed);
  let node = changed;
  while (!isStatement && !standsForItself(node)) {
    if (ts.isSourceFile(node) || ts.isStatement(node)) return null;
    node = node.parent;
  }
  return { start: node.getStart(source), end: node.end, isStatement };
}

/** Every change of one place that this tool knows; which of them compile, the caller finds out. */
export function mutantsOf(file: string, text: string): Mutant[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const mutants: Mutant[] = [];

  const add = (kind: string, node: ts.Node, after: string): void => {
    const start = node.getStart(source);
    const before = text.slice(start, node.end);
    const line = source.getLineAndCharacterOfPosition(start).line + 1;
    if (after !== before) {
      mutants.push({ file, line, kind, start, end: node.end, before, after, around: replaceableAround(node, source) });
    }
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

/** The call that says whether a change is to be made, and notes that it was asked. */
const asked = (id: number) => `globalThis.__mutate?.(${id})`;

/** A source that makes the change that it is told to make, of those given by their numbers, while it runs. */
export function withSwitches(text: string, mutants: ReadonlyMap<number, Mutant>): string {
  const places = new Map<string, { start: number; end: number; ids: number[] }>();
  for (const [id, { around }] of mutants) {
    if (!around) continue;
    const { start, end } = around;
    const key = `${start}:${end}`;
    places.set(key, { start, end, ids: [...(places.get(key)?.ids ?? []), id] });
  }
  const inOrder = [...places.values()].sort((a, b) => a.start - b.start || b.end - a.end);

  const between = (from: number, to: number): string => {
    let result = '';
    let at = from;
    while (inOrder[0] && inOrder[0].start < to) {
      const { start, end, ids } = inOrder.shift() as (typeof inOrder)[number];
      result += text.slice(at, start) + switched(between(start, end), start, end, ids);
      at = end;
    }
    return result + text.slice(at, to);
  };
  const switched = (inner: string, start: number, end: number, ids: readonly number[]): string =>
    ids.reduce((rest, id) => {
      const mutant = mutants.get(id) as Mutant;
      const changed = text.slice(start, mutant.start) + mutant.after + text.slice(mutant.end, end);
      return mutant.around?.isStatement
        ? `{ if (${asked(id)}) { ${changed} } else { ${rest} } }`
        : `(${asked(id)} ? ${changed} : ${rest})`;
    }, inner);
  return between(0, text.length);
}
