import type { Mapping } from './mapping.js';
import { MIMIC } from './mimic.js';
import { NAB } from './nab.js';
import { OCCUPANCY } from './occupancy.js';
import { SKAB } from './skab.js';

export const MAPPINGS: readonly Mapping[] = [SKAB, NAB, MIMIC, OCCUPANCY];
export type { Mapping, RecordedRow } from './mapping.js';
