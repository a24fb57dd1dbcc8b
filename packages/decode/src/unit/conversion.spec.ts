import { conversionBetween } from './index.js';

it.each([
  ['celsius', 'K', 25, 298.15],
  ['K', 'Cel', 0, -273.15],
  ['[degF]', 'Cel', 212, 100],
  ['°C', '[degF]', 37, 98.6],
  ['bpm', '/min', 72, 72],
  ['Hz', '/min', 1.2, 72],
  ['mmHg', 'kPa', 120, 15.99868644],
  ['bar', '[psi]', 1, 14.503773773],
  ['mbar', 'hPa', 1013, 1013],
  ['mm[Hg]', 'cm[H2O]', 1, 1.35951],
  ['km/h', 'm/s', 36, 10],
  ['mm/s', 'm/s', 4.5, 0.0045],
  ['L/min', 'm3/h', 10, 0.6],
  ['kW.h', 'J', 1, 3.6e6],
  ['units/hour', '/s', 3600, 1],
  ['percent', '1', 50, 0.5],
  ['ppm', '%', 10_000, 1],
  ['mV', 'V', 250, 0.25],
  ['m/s2', '[g]', 9.80665, 1],
  ['mg/dL', 'g/L', 100, 1],
  ['10*3/uL', '10*9/L', 7.5, 7.5],
  ['kBy', 'By', 1, 1000],
])('%s → %s', (from, to, value, expected) => {
  expect(conversionBetween(from, to)!(value)).toBeCloseTo(expected, 6);
});

it.each([
  ['bar', 'Cel'],
  ['[degF]', 'Cel/s'],
  ['parsnip', 'Cel'],
  ['m//', 'm'],
  ['Cel', 'furlong'],
  ['0/min', '/min'],
])('%s does not convert to %s', (from, to) => {
  expect(conversionBetween(from, to)).toBeNull();
});

it('leaves a value alone where the two spellings mean the same unit', () => {
  expect(conversionBetween('beats/min', '/min')!(0.1 + 0.2)).toBe(0.1 + 0.2);
});
