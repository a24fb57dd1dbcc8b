/**
 * National Early Warning Score 2 (Royal College of Physicians, December 2017, ISBN 978-1-86016-682-2), chart 1. A decision
 * aid, not a medical device; not for people under 16 or in pregnancy.
 */

export const NEWS2_PARAMETERS = ['respiration', 'spo2', 'oxygen', 'systolic', 'pulse', 'consciousness', 'temperature'] as const;
export type News2Parameter = (typeof NEWS2_PARAMETERS)[number];

/** Alert, new Confusion, responds to Voice, to Pain, Unresponsive. */
export type Consciousness = 'A' | 'C' | 'V' | 'P' | 'U';

/** A parameter that is absent was not measured, or too long ago. */
export interface Vitals {
  /** /min */
  respiration?: number;
  /** % */
  spo2?: number;
  /** Breathes supplemental oxygen. */
  oxygen?: boolean;
  /** mm[Hg] */
  systolic?: number;
  /** /min */
  pulse?: number;
  consciousness?: Consciousness;
  /** Cel */
  temperature?: number;
}

export interface Contribution {
  parameter: News2Parameter;
  /** As it was banded; text for oxygen and consciousness. */
  value: number | string;
  points: number;
}

export interface Score {
  /** Of the parameters at hand: the true score where none is missing, and otherwise no more than its lower bound. */
  points: number;
  /** Every parameter that counted, also those with 0 points. */
  contributions: Contribution[];
  missing: News2Parameter[];
  /** Some parameter scores 3 by itself. */
  hasThree: boolean;
}

/** Upper bounds, rising, with the points up to and with each; beyond the last, `beyond`. */
type Bands = readonly (readonly [upTo: number, points: number])[];

function band(value: number, bands: Bands, beyond: number): number {
  return bands.find(([upTo]) => value <= upTo)?.[1] ?? beyond;
}

const RESPIRATION: Bands = [[8, 3], [11, 1], [20, 0], [24, 2]]; // prettier-ignore
const SPO2_SCALE_1: Bands = [[91, 3], [93, 2], [95, 1]]; // prettier-ignore
const SPO2_SCALE_2_LOW: Bands = [[83, 3], [85, 2], [87, 1], [92, 0]]; // prettier-ignore
const SPO2_SCALE_2_ON_OXYGEN: Bands = [[94, 1], [96, 2]]; // prettier-ignore
const SYSTOLIC: Bands = [[90, 3], [100, 2], [110, 1], [219, 0]]; // prettier-ignore
const PULSE: Bands = [[40, 3], [50, 1], [90, 0], [110, 1], [130, 2]]; // prettier-ignore
const TEMPERATURE: Bands = [[35, 3], [36, 1], [38, 0], [39, 1]]; // prettier-ignore

/** To whole numbers, temperature to tenths, before banding. Binary fractions must not turn 36.05 into 36.0. */
const whole = (value: number) => Math.round(value + 1e-9);
const tenth = (value: number) => Math.round((value + 1e-9) * 10) / 10;

/**
 * Scale 2 is for hypercapnic respiratory failure with a target of 88 to 92 %, by a clinician's decision. Above that range
 * its points depend on oxygen: where nobody knows whether oxygen is given, SpO2 counts as missing.
 */
function spo2Points(spo2: number, scale: 1 | 2, oxygen: boolean | undefined): number | undefined {
  if (scale === 1) return band(spo2, SPO2_SCALE_1, 0);
  if (spo2 <= 92) return band(spo2, SPO2_SCALE_2_LOW, 0);
  if (oxygen === undefined) return undefined;
  return oxygen ? band(spo2, SPO2_SCALE_2_ON_OXYGEN, 3) : 0;
}

export function scoreNews2(vitals: Vitals, spo2Scale: 1 | 2): Score {
  const contributions: Contribution[] = [];
  const add = (parameter: News2Parameter, value: number | string | undefined, points: number | undefined) => {
    if (value !== undefined && points !== undefined) contributions.push({ parameter, value, points });
  };
  const rounded = (value: number | undefined, round: (value: number) => number) => (value === undefined ? undefined : round(value));
  const bandOf = (value: number | undefined, bands: Bands, beyond: number) =>
    value === undefined ? undefined : band(value, bands, beyond);

  const respiration = rounded(vitals.respiration, whole);
  add('respiration', respiration, bandOf(respiration, RESPIRATION, 3));
  const spo2 = rounded(vitals.spo2, whole);
  add('spo2', spo2, spo2 === undefined ? undefined : spo2Points(spo2, spo2Scale, vitals.oxygen));
  const { oxygen, consciousness } = vitals;
  add('oxygen', oxygen === undefined ? undefined : oxygen ? 'oxygen' : 'air', oxygen ? 2 : 0);
  const systolic = rounded(vitals.systolic, whole);
  add('systolic', systolic, bandOf(systolic, SYSTOLIC, 3));
  const pulse = rounded(vitals.pulse, whole);
  add('pulse', pulse, bandOf(pulse, PULSE, 3));
  add('consciousness', consciousness, consciousness === 'A' ? 0 : 3);
  const temperature = rounded(vitals.temperature, tenth);
  add('temperature', temperature, bandOf(temperature, TEMPERATURE, 2));

  const counted = new Set(contributions.map(({ parameter }) => parameter));
  return {
    points: contributions.reduce((sum, { points }) => sum + points, 0),
    contributions,
    missing: NEWS2_PARAMETERS.filter((parameter) => !counted.has(parameter)),
    hasThree: contributions.some(({ points }) => points === 3),
  };
}

export type ClinicalRisk = 'low' | 'low-medium' | 'medium' | 'high';

/** Of a complete score; of an incomplete one, the least it can be. */
export function clinicalRisk({ points, hasThree }: Pick<Score, 'points' | 'hasThree'>): ClinicalRisk {
  if (points >= 7) return 'high';
  if (points >= 5) return 'medium';
  return hasThree ? 'low-medium' : 'low';
}
