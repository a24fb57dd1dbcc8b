/** How people and some devices write a unit → its UCUM code. Lower case; look up with `ucumOf`. */
const SPELLINGS: Readonly<Record<string, string>> = {
  celsius: 'Cel',
  '°c': 'Cel',
  c: 'Cel',
  degc: 'Cel',
  fahrenheit: '[degF]',
  '°f': '[degF]',
  f: '[degF]',
  degf: '[degF]',
  kelvin: 'K',
  percent: '%',
  '%rh': '%',
  psi: '[psi]',
  mmhg: 'mm[Hg]',
  bpm: '/min',
  'beat/min': '/min',
  'beats/min': '/min',
  '1/min': '/min',
  hertz: 'Hz',
  volt: 'V',
  volts: 'V',
  ampere: 'A',
  amps: 'A',
  'units/hour': '{unit}/h',
  'units/h': '{unit}/h',
  lux: 'lx',
  ppm: '[ppm]',
};

/** The UCUM code for a unit as a device wrote it; what is no known spelling is taken to be UCUM already. */
export function ucumOf(unit: string): string {
  return SPELLINGS[unit.trim().toLowerCase()] ?? unit.trim();
}

const SYMBOLS: Readonly<Record<string, string>> = {
  Cel: '°C',
  '[degF]': '°F',
  '[psi]': 'psi',
  'mm[Hg]': 'mmHg',
  '/min': '/min',
  '{unit}/h': 'units/h',
  '[ppm]': 'ppm',
  '1': '',
};

/** What to show a person for a UCUM code. */
export function unitSymbol(ucum: string): string {
  return SYMBOLS[ucum] ?? ucum.replace(/[[\]{}]/g, '');
}
