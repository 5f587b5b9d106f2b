import { type ActivationsOfProgram, GPU_ACTIVATIONS } from '../gpu-activations.js';

// Each texel holds two rows of two columns. U is made even, E, by units that stay 0, so that no texel holds two gates.
// Rows of the input are b·T + t, rows of states (n·B + b)·2 for h and one more for c; n counts in processing order.
//
// Every program is told its sizes as uniforms, so that another sequence runs on the programs that are there.

/** What a program is to do beyond the plain equations. */
export interface Variant extends ActivationsOfProgram {
  isMasked: boolean;
  /** Whether h has dropout. */
  isDropped: boolean;
}

// B, T, U and E are sizes; place.w is 1 where time is read backwards, and the rest of place is said for each program. timeOf
// goes from processing order to the input's, and back.
const COMMON = `
  #define B sizes.x
  #define T sizes.y
  #define U sizes.z
  #define E sizes.w

  int timeOf(int n) {
    return place.w == 1 ? T - 1 - n : n;
  }

  vec2 rowOf(vec4 texel, int row) {
    return (row & 1) == 0 ? texel.xy : texel.zw;
  }
`;

const validity = (isMasked: boolean) =>
  isMasked
    ? `
  bool isValid(int b, int t) {
    return getChannel(getMask(b, t), vec2(b, t)) > .5;
  }`
    : `
  bool isValid(int b, int t) {
    return true;
  }`;

/** Functions sigma and phi, and their derivatives, of what they are applied to and its value. */
const activations = ({ activation, recurrentActivation }: ActivationsOfProgram) =>
  ['vec2', 'vec4']
    .flatMap((type) =>
      Object.entries({ sigma: recurrentActivation, phi: activation }).map(
        ([name, of]) => `
  ${type} ${name}(${type} x) {
    return ${GPU_ACTIVATIONS[of].value};
  }

  ${type} ${name}Slope(${type} x, ${type} y) {
    return ${GPU_ACTIVATIONS[of].slope};
  }`,
      ),
    )
    .join('');

/** A factor for a pair of gates. */
const times = ({ isDropped }: Variant, row: string, column: string) =>
  isDropped ? ` * getDropout(${row}, ${column})` : '';

const begin = (variant: Omit<Variant, 'isDropped'>) => `${COMMON}${validity(variant.isMasked)}${activations(variant)}`;

/**
 * Weights [N, 4·place.x] as [N, 4·place.y], by block: with zeros behind the columns of each, or without these. place.z is N. Where
 * both are alike, it is a copy that is packed, whatever the matrix was.
 */
export const REBLOCK = `
  ${COMMON}
  float at(int row, int column) {
    int block = column / place.y;
    int u = column - block * place.y;
    if (row >= place.z || u >= place.x) return 0.;
    int from = block * place.x + u;
    return getChannel(getWeights(row, from), vec2(row, from));
  }

  void main() {
    ivec2 rc = getOutputCoords();
    setOutput(vec4(at(rc.x, rc.y), at(rc.x, rc.y + 1), at(rc.x + 1, rc.y), at(rc.x + 1, rc.y + 1)));
  }
`;

/** Two of [B, U] as [2B, E], row by row in turn; or four as [2B, 2E]. */
export const interleave = (isFour: boolean) => `
  ${COMMON}
  void main() {
    ivec2 rc = getOutputCoords();
    int b = rc.x / 2;
    int block = rc.y / E;
    int u = rc.y - block * E;
    vec4 first = ${isFour ? 'block == 0 ? getA(b, u) : getC(b, u)' : 'getA(b, u)'};
    vec4 second = ${isFour ? 'block == 0 ? getB(b, u) : getD(b, u)' : 'getB(b, u)'};
    vec4 both = vec4(rowOf(first, b), rowOf(second, b));
    setOutput(u + 1 < U ? both : vec4(both.x, 0., both.z, 0.));
  }
`;

/** One step: states [2B, E] to the states after step place.x. */
export const forwardStep = (variant: Variant) => `
  ${begin(variant)}
  void main() {
    ivec2 rc = getOutputCoords();
    int b = rc.x / 2;
    int u = rc.y;
    int t = timeOf(place.x);
    int row = b * T + t;
    vec2 i = rowOf(getProjected(row, u), row);
    vec2 f = rowOf(getProjected(row, E + u), row);
    vec2 g = rowOf(getProjected(row, 2 * E + u), row);
    vec2 o = rowOf(getProjected(row, 3 * E + u), row);
    for (int k = 0; k < E; k += 2) {
      vec2 h = getStates(rc.x, k).xy;
      vec4 forI = getRecurrent(k, u);
      vec4 forF = getRecurrent(k, E + u);
      vec4 forG = getRecurrent(k, 2 * E + u);
      vec4 forO = getRecurrent(k, 3 * E + u);
      vec4 first = h.xyxy${times(variant, 'rc.x', 'k')};
      vec4 second = h.xyxy${times(variant, 'rc.x', 'E + k')};
      i += first.x * forI.xy + first.y * forI.zw;
      f += first.z * forF.xy + first.w * forF.zw;
      g += second.x * forG.xy + second.y * forG.zw;
      o += second.z * forO.xy + second.w * forO.zw;
    }
    vec4 before = getStates(rc.x, u);
    vec2 c = sigma(f) * before.zw + sigma(i) * phi(g);
    vec2 h = sigma(o) * phi(c);
    vec4 after = u + 1 < U ? vec4(h, c) : vec4(h.x, 0., c.x, 0.);
    setOutput(isValid(b, t) ? after : before);
  }
`;

/** The pre-activations of all steps, [B·T, 4E], from the states before them, [(T + 1)·2B, E]. */
export const preActivationsOfSteps = (variant: Variant) => `
  ${COMMON}
  vec2 hiddenAt(int row, int gate, int k) {
    int b = row / T;
    vec2 h = getStates((timeOf(row - b * T) * B + b) * 2, k).xy;
    return rowOf(h.xyxy${times(variant, '2 * b', 'gate / 2 * E + k')}, gate);
  }

  void main() {
    ivec2 rc = getOutputCoords();
    int gate = rc.y / E;
    int last = B * T - 1;
    vec4 z = getProjected(rc.x, rc.y);
    for (int k = 0; k < E; k += 2) {
      vec2 first = hiddenAt(rc.x, gate, k);
      vec2 second = hiddenAt(min(rc.x + 1, last), gate, k);
      vec4 weights = getRecurrent(k, rc.y);
      z += vec4(first.x * weights.xy + first.y * weights.zw, second.x * weights.xy + second.y * weights.zw);
    }
    setOutput(rc.x < last ? z : vec4(z.xy, 0., 0.));
  }
`;

/** A program over [B, T, U] from the values of u and of the unit after it in processing order; or over [B, U], of step place.x. */
const show = (pair: string, isSequence: boolean, begun: string) => `
  ${begun}
  vec2 at(int b, int n, int u) {
    if (b >= B || n >= T) return vec2(0.);
    int t = timeOf(n);
    vec2 pair = isValid(b, t) ? ${pair} : vec2(0.);
    return u + 1 < U ? pair : vec2(pair.x, 0.);
  }

  void main() {
    ${
      isSequence
        ? `ivec3 rc = getOutputCoords();
    setOutput(vec4(at(rc.x, rc.y, rc.z), at(rc.x, rc.y + 1, rc.z)));`
        : `ivec2 rc = getOutputCoords();
    setOutput(vec4(at(rc.x, place.x, rc.y), at(rc.x + 1, place.x, rc.y)));`
    }
  }
`;

/**
 * h (place.y is 0) or c from states [T·2B, E], place.z rows further down: of every step, [B, T, U], or of step place.x, [B, U].
 * A mask: 0 at masked steps.
 */
export const showState = (isMasked: boolean, isSequence: boolean) =>
  show('rowOf(getStates((n * B + b) * 2 + place.z, u), place.y)', isSequence, `${COMMON}${validity(isMasked)}`);

/** The gate place.y of every step, [B, T, U]; 0 at masked steps. */
export const showGate = (variant: Variant) => {
  const z = 'rowOf(getZ(b * T + t, place.y * E + u), b * T + t)';
  return show(`(place.y == 2 ? phi(${z}) : sigma(${z}))`, true, begin(variant));
};

/** How many textures every device lets a program read. */
export const PARTS = 16;

export const partNames = Array.from({ length: PARTS }, (_, n) => `part${n}`);

/** Up to 16 matrices of place.x rows each, but for the last, one below the other. */
export const JOIN = `
  void main() {
    ivec2 rc = getOutputCoords();
    int part = rc.x / place.x;
    int row = rc.x - part * place.x;
    int column = rc.y;
    ${partNames.map((name, n) => `if (part == ${n}) setOutput(getP${name.slice(1)}(row, column));`).join('\n    else ')}
  }
`;

const STEP_OF_ROW = `
    ivec2 rc = getOutputCoords();
    int n = rc.x / (2 * B);
    int b = rc.x / 2 - n * B;
    int block = rc.y / E;
    int u = rc.y - block * E;
    int t = timeOf(n);
    int row = b * T + t;`;

/**
 * What multiplies gradients on their way back, [T·2B, 3E]: of c for the pre-activations of i and f; of c for that of g, and
 * of h for that of o; of c for the c before, and of h for c.
 */
export const factorsOfSteps = (variant: Variant) => `
  ${begin(variant)}
  vec2 at(int row, int column) {
    return rowOf(getZ(row, column), row);
  }

  void main() {
    ${STEP_OF_ROW}
    vec2 zI = at(row, u);
    vec2 zF = at(row, E + u);
    vec2 zG = at(row, 2 * E + u);
    vec2 zO = at(row, 3 * E + u);
    vec2 i = sigma(zI);
    vec2 f = sigma(zF);
    vec2 g = phi(zG);
    vec2 o = sigma(zO);
    vec2 before = getStates(rc.x, u).zw;
    vec2 c = getStates(rc.x + 2 * B, u).zw;
    vec2 shown = phi(c);
    vec4 factors = block == 0 ? vec4(g * sigmaSlope(zI, i), before * sigmaSlope(zF, f))
      : block == 1 ? vec4(i * phiSlope(zG, g), shown * sigmaSlope(zO, o))
      : vec4(f, o * phiSlope(c, shown));
    setOutput(isValid(b, t) ? factors : block == 2 ? vec4(1., 1., 0., 0.) : vec4(0.));
  }
`;

/** What of a result gradients arrive at, at every step. */
export interface Arrivals {
  atOutputs: boolean;
  atGates: boolean;
}

/**
 * What arrives from outside at each step: at h and c, [T·2B, E]; and beside it through the gates at the pre-activations, in pairs,
 * [T·2B, 3E]. Outputs are 0 at masked steps where isZeroed.
 */
export const arrivals = (variant: Variant, { atOutputs, atGates }: Arrivals, isZeroed: boolean) => `
  ${begin(variant)}

  void main() {
    ${STEP_OF_ROW}
    bool valid = isValid(b, t);
    vec4 here = vec4(0.);
    if (block == 0) {
      ${atOutputs ? `if (${isZeroed ? 'valid' : 'true'}) here.xy = rowOf(getOutputs(b, n, u), n);` : ''}
      ${atGates ? 'here.zw = rowOf(getC(b, n, u), n);' : ''}
    }
    ${
      atGates
        ? `
    vec2 first = rowOf(getZ(row, (2 * block - 2) * E + u), row);
    vec2 second = rowOf(getZ(row, (2 * block - 1) * E + u), row);
    vec2 ofSecond = sigmaSlope(second, sigma(second));
    if (valid && block == 1) here = vec4(rowOf(getI(b, n, u), n) * sigmaSlope(first, sigma(first)), rowOf(getF(b, n, u), n) * ofSecond);
    if (valid && block == 2) here = vec4(rowOf(getG(b, n, u), n) * phiSlope(first, phi(first)), rowOf(getO(b, n, u), n) * ofSecond);`
        : ''
    }
    setOutput(u + 1 < U ? here : vec4(here.x, 0., here.z, 0.));
  }
`;

/** The gradients of the states after the last step, [2B, E]. A mask: the last output is 0 where that step is masked. */
export const lastGradients = (isMasked: boolean, { atOutputs, atGates }: Arrivals) => `
  ${COMMON}${validity(isMasked)}
  void main() {
    ivec2 rc = getOutputCoords();
    int b = rc.x / 2;
    int u = rc.y;
    int row = (T - 1) * 2 * B + rc.x;
    vec2 h = rowOf(getH(b, u), b);
    if (isValid(b, timeOf(T - 1))) h += rowOf(getLastOutput(b, u), b);
    vec2 c = rowOf(getC(b, u), b);
    vec4 both = u + 1 < U ? vec4(h, c) : vec4(h.x, 0., c.x, 0.);
    ${atOutputs || atGates ? 'both += getArriving(row, u);' : ''}
    both.zw += both.xy * getFactors(row, 2 * E + u).zw;
    setOutput(both);
  }
`;

/** One step back: the gradients of the states after step place.x, [2B, E], to those of the states before it. */
export const backwardStep = (variant: Variant, { atOutputs, atGates }: Arrivals) => `
  ${COMMON}${validity(variant.isMasked)}
  void main() {
    ivec2 rc = getOutputCoords();
    int b = rc.x / 2;
    int u = rc.y;
    int n = place.x;
    int row = n * 2 * B + rc.x;
    vec2 fromI = vec2(0.);
    vec2 fromF = vec2(0.);
    vec2 fromG = vec2(0.);
    vec2 fromO = vec2(0.);
    for (int k = 0; k < E; k += 2) {
      vec4 carried = getCarried(rc.x, k);
      vec4 first = getFactors(row, k) * carried.zwzw;
      vec4 second = getFactors(row, E + k) * carried.zwxy;
      ${atGates ? 'first += getArriving(row, E + k); second += getArriving(row, 2 * E + k);' : ''}
      vec4 ofI = getRecurrent(u, k);
      vec4 ofF = getRecurrent(u, E + k);
      vec4 ofG = getRecurrent(u, 2 * E + k);
      vec4 ofO = getRecurrent(u, 3 * E + k);
      fromI += vec2(dot(first.xy, ofI.xy), dot(first.xy, ofI.zw));
      fromF += vec2(dot(first.zw, ofF.xy), dot(first.zw, ofF.zw));
      fromG += vec2(dot(second.xy, ofG.xy), dot(second.xy, ofG.zw));
      fromO += vec2(dot(second.zw, ofO.xy), dot(second.zw, ofO.zw));
    }
    vec4 both = vec4(fromI, fromF)${times(variant, 'rc.x', 'u')} + vec4(fromG, fromO)${times(variant, 'rc.x', 'E + u')};
    vec2 h = both.xy + both.zw;
    vec4 carried = getCarried(rc.x, u);
    if (!isValid(b, timeOf(n))) h = carried.xy;
    vec2 c = carried.zw * getFactors(row, 2 * E + u).xy;
    if (n > 0) {
      row -= 2 * B;
      ${atOutputs || atGates ? 'vec4 arriving = getArriving(row, u); h += arriving.xy; c += arriving.zw;' : ''}
      c += h * getFactors(row, 2 * E + u).zw;
    }
    setOutput(vec4(h, c));
  }
`;

/** The gradients of all pre-activations, [B·T, 4E], from those carried back, [T·2B, E], of the last step first. */
export const preActivationGradients = ({ atGates }: Arrivals) => `
  ${COMMON}
  vec2 at(int row, int gate, int u) {
    if (row >= B * T) return vec2(0.);
    int b = row / T;
    int n = timeOf(row - b * T);
    int from = (n * B + b) * 2;
    int column = gate / 2 * E + u;
    vec4 carried = getCarried(((T - 1 - n) * B + b) * 2, u);
    vec2 z = rowOf(getFactors(from, column), gate) * (gate == 3 ? carried.xy : carried.zw);
    ${atGates ? 'z += rowOf(getArriving(from, E + column), gate);' : ''}
    return z;
  }

  void main() {
    ivec2 rc = getOutputCoords();
    int gate = rc.y / E;
    int u = rc.y - gate * E;
    setOutput(vec4(at(rc.x, gate, u), at(rc.x + 1, gate, u)));
  }
`;

/** The h before each step, [B·T, E], times the dropout mask of the gate place.y. */
export const hiddensBefore = (variant: Variant) => `
  ${COMMON}
  vec2 at(int row, int k) {
    if (row >= B * T) return vec2(0.);
    int b = row / T;
    vec2 h = getStates((timeOf(row - b * T) * B + b) * 2, k).xy;
    return rowOf(h.xyxy${times(variant, '2 * b', 'place.y / 2 * E + k')}, place.y);
  }

  void main() {
    ivec2 rc = getOutputCoords();
    setOutput(vec4(at(rc.x, rc.y), at(rc.x + 1, rc.y)));
  }
`;

/** x [B·T, D] with zeros at masked steps. place.z is D. */
export const VALID_INPUT = `
  ${COMMON}${validity(true)}
  vec2 at(vec2 values, int row, int column) {
    int b = row / T;
    if (row >= B * T || !isValid(b, row - b * T)) return vec2(0.);
    return column + 1 < place.z ? values : vec2(values.x, 0.);
  }

  void main() {
    ivec2 rc = getOutputCoords();
    vec4 texel = getX(rc.x, rc.y);
    setOutput(vec4(at(texel.xy, rc.x, rc.y), at(texel.zw, rc.x + 1, rc.y)));
  }
`;
