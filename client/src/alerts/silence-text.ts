import { words } from '../core/format';

/** The parts of an AlertFilter that a silence may have, as it comes back: JSON. */
export interface SilenceFilter {
  deviceIds?: readonly string[] | null;
  kinds?: readonly string[] | null;
  severities?: readonly string[] | null;
  ruleId?: string | null;
  assetId?: string | null;
  patientId?: string | null;
  search?: string | null;
}

/** What it holds for, in words. `nameOf` knows devices, places and rules by id. */
export function silenceText(filter: SilenceFilter, nameOf: (id: string) => string | undefined): string {
  const { deviceIds, kinds, severities, ruleId, assetId, patientId, search } = filter;
  const parts = [
    ruleId && `alerts of the rule “${nameOf(ruleId) ?? 'unknown'}”`,
    severities?.length && `${severities.map((severity) => words(severity).toLowerCase()).join(', ')} alerts`,
    kinds?.length && `alerts of the kind ${kinds.map((kind) => words(kind).toLowerCase()).join(', ')}`,
    search && `alerts that say “${search}”`,
  ].filter(Boolean);
  const where = [
    deviceIds?.length && `on ${deviceIds.map((id) => nameOf(id) ?? 'an unknown device').join(', ')}`,
    assetId && `at ${nameOf(assetId) ?? 'an unknown place'}`,
    patientId && 'of one patient',
  ].filter(Boolean);
  const text = [parts.length > 0 ? parts.join(' and ') : 'everything', ...where].join(' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
