/** Exponents of length, mass, time, current, temperature, amount, light, angle, data. */
export type Dimension = readonly number[];

/** A unit as a straight line: base = value × factor + offset. */
export interface LinearUnit {
  dimension: Dimension;
  factor: number;
  offset: number;
}

const BASES = ['m', 'g', 's', 'A', 'K', 'mol', 'cd', 'rad', 'bit'] as const;
const NONE: Dimension = BASES.map(() => 0);
type Powers = Partial<Record<(typeof BASES)[number], number>>;

function atom(factor: number, powers: Powers = {}, options: { metric?: boolean; offset?: number } = {}) {
  return { factor, dimension: BASES.map((base) => powers[base] ?? 0), metric: options.metric ?? false, offset: options.offset ?? 0 };
}
const METRIC = { metric: true };
const ENERGY = { m: 2, g: 1, s: -2 };
const PRESSURE = { m: -1, g: 1, s: -2 };
const POWER = { m: 2, g: 1, s: -3 };
const VOLT = { m: 2, g: 1, s: -3, A: -1 };
const VOLUME = { m: 3 };

/** The part of UCUM that sensors and monitors use: https://ucum.org/ucum, tables 2–9. Metric atoms take prefixes. */
const ATOMS: ReadonlyMap<string, ReturnType<typeof atom>> = new Map([
  ...BASES.map((base) => [base, atom(1, { [base]: 1 }, METRIC)] as const),
  ['%', atom(0.01)],
  ['[ppth]', atom(1e-3)],
  ['[ppm]', atom(1e-6)],
  ['[ppb]', atom(1e-9)],
  ['min', atom(60, { s: 1 })],
  ['h', atom(3600, { s: 1 })],
  ['d', atom(86_400, { s: 1 })],
  ['wk', atom(604_800, { s: 1 })],
  ['Hz', atom(1, { s: -1 }, METRIC)],
  ['deg', atom(Math.PI / 180, { rad: 1 })],
  ['circ', atom(2 * Math.PI, { rad: 1 })],
  ['Cel', atom(1, { K: 1 }, { offset: 273.15 })],
  ['[degF]', atom(5 / 9, { K: 1 }, { offset: (459.67 * 5) / 9 })],
  ['N', atom(1e3, { m: 1, g: 1, s: -2 }, METRIC)],
  ['[lbf_av]', atom(4448.2216152605, { m: 1, g: 1, s: -2 })],
  ['Pa', atom(1e3, PRESSURE, METRIC)],
  ['bar', atom(1e8, PRESSURE, METRIC)],
  ['atm', atom(101_325e3, PRESSURE)],
  ['[psi]', atom(6_894_757.293168361, PRESSURE)],
  ['m[Hg]', atom(133_322_387, PRESSURE, METRIC)],
  ['m[H2O]', atom(9_806_650, PRESSURE, METRIC)],
  ["[in_i'Hg]", atom(133_322_387 * 0.0254, PRESSURE)],
  ['J', atom(1e3, ENERGY, METRIC)],
  ['eV', atom(1.602176634e-16, ENERGY, METRIC)],
  ['cal', atom(4184, ENERGY, METRIC)],
  ['[Btu]', atom(1_055_056, ENERGY)],
  ['W', atom(1e3, POWER, METRIC)],
  ['[HP]', atom(745_699.87158227, POWER)],
  ['C', atom(1, { s: 1, A: 1 }, METRIC)],
  ['V', atom(1e3, VOLT, METRIC)],
  ['Ohm', atom(1e3, { m: 2, g: 1, s: -3, A: -2 }, METRIC)],
  ['S', atom(1e-3, { m: -2, g: -1, s: 3, A: 2 }, METRIC)],
  ['F', atom(1e-3, { m: -2, g: -1, s: 4, A: 2 }, METRIC)],
  ['H', atom(1e3, { m: 2, g: 1, s: -2, A: -2 }, METRIC)],
  ['T', atom(1e3, { g: 1, s: -2, A: -1 }, METRIC)],
  ['G', atom(0.1, { g: 1, s: -2, A: -1 }, METRIC)],
  ['lm', atom(1, { cd: 1 }, METRIC)],
  ['lx', atom(1, { cd: 1, m: -2 }, METRIC)],
  ['Bq', atom(1, { s: -1 }, METRIC)],
  ['Gy', atom(1, { m: 2, s: -2 }, METRIC)],
  ['Sv', atom(1, { m: 2, s: -2 }, METRIC)],
  ['[g]', atom(9.80665, { m: 1, s: -2 }, METRIC)],
  ['L', atom(1e-3, VOLUME, METRIC)],
  ['l', atom(1e-3, VOLUME, METRIC)],
  ['[gal_us]', atom(0.003785411784, VOLUME)],
  ['[cft_i]', atom(0.028316846592, VOLUME)],
  ['t', atom(1e6, { g: 1 }, METRIC)],
  ['[lb_av]', atom(453.59237, { g: 1 })],
  ['[oz_av]', atom(28.349523125, { g: 1 })],
  ['[in_i]', atom(0.0254, { m: 1 })],
  ['[ft_i]', atom(0.3048, { m: 1 })],
  ['[yd_i]', atom(0.9144, { m: 1 })],
  ['[mi_i]', atom(1609.344, { m: 1 })],
  ['[nmi_i]', atom(1852, { m: 1 })],
  ['[kn_i]', atom(1852 / 3600, { m: 1, s: -1 })],
  ['10*', atom(10)],
  ['10^', atom(10)],
  ['By', atom(8, { bit: 1 }, METRIC)],
]);

// prettier-ignore
const PREFIXES: Readonly<Record<string, number>> = {
  T: 1e12, G: 1e9, M: 1e6, k: 1e3, h: 1e2, da: 1e1, d: 1e-1, c: 1e-2, m: 1e-3, u: 1e-6, n: 1e-9, p: 1e-12,
};
/** Symbol, exponent, annotation; a bare number has no symbol. */
const TERM = /^([^{}]*?)([+-]?\d+)?(\{[^{}]*\})?$/;

function findAtom(symbol: string) {
  const whole = ATOMS.get(symbol);
  if (whole) return whole;
  for (const length of [1, 2]) {
    const scale = PREFIXES[symbol.slice(0, length)];
    const rest = ATOMS.get(symbol.slice(length));
    if (scale !== undefined && rest?.metric) return { ...rest, factor: rest.factor * scale };
  }
  return undefined;
}

/** `60`, or an annotation such as {unit}, which counts as one. */
function pureNumber(digits: string | undefined, annotation: string | undefined) {
  if (digits === undefined) return annotation === undefined ? undefined : atom(1);
  return Number(digits) > 0 ? atom(Number(digits)) : undefined;
}

/** Splits `kW.h/m2` into signed terms; brackets and braces hold their content together. */
function split(text: string): { text: string; sign: 1 | -1 }[] | undefined {
  const terms: { text: string; sign: 1 | -1 }[] = [];
  let sign: 1 | -1 = 1;
  for (const part of text.match(/\/|\.|(?:\[[^\]]*\]|\{[^}]*\}|[^/.])+/g) ?? []) {
    if (part === '/') sign = -1;
    else if (part === '.') sign = 1;
    else terms.push({ text: part, sign });
  }
  return terms.length === 0 ? undefined : terms;
}

/** Reads a UCUM code, as far as it is linear and made of the atoms above; undefined for any other. */
export function parseUnit(code: string): LinearUnit | undefined {
  if (code === '1' || code === '') return { dimension: NONE, factor: 1, offset: 0 };
  const terms = code.length > 64 || /[/.]{2}|[/.]$|^\./.test(code) ? undefined : split(code);
  if (!terms) return undefined;
  let dimension = NONE;
  let factor = 1;
  let offset = 0;
  for (const { text, sign } of terms) {
    const [, symbol = '', digits, annotation] = TERM.exec(text) ?? [];
    const found = symbol === '' ? pureNumber(digits, annotation) : findAtom(symbol);
    if (!found) return undefined;
    const exponent = sign * (symbol === '' ? 1 : Number(digits ?? '1'));
    dimension = dimension.map((have, i) => have + exponent * found.dimension[i]!);
    factor *= found.factor ** exponent;
    // A scale with a zero of its own has meaning alone only: Cel, never Cel/s.
    if (found.offset !== 0) {
      if (terms.length > 1 || exponent !== 1) return undefined;
      offset = found.offset;
    }
  }
  return { dimension, factor, offset };
}
