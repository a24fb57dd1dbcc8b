import type { ConditionInput } from '../core/schema.generated';

export const LEAF_KINDS = ['threshold', 'rateOfChange', 'trend', 'anomaly', 'offline', 'earlyWarningScore'] as const;
export const GROUP_KINDS = ['all', 'any'] as const;
export type LeafKind = (typeof LEAF_KINDS)[number];
export type GroupKind = (typeof GROUP_KINDS)[number];
export type ConditionKind = LeafKind | GroupKind;

export const KIND_NAMES: Readonly<Record<ConditionKind, string>> = {
  threshold: 'A value passes a limit',
  rateOfChange: 'A value changes fast',
  trend: 'A value will reach a limit',
  anomaly: 'A value is unlike its past',
  offline: 'Nothing is heard',
  earlyWarningScore: 'Early warning score (NEWS2)',
  all: 'All of several',
  any: 'Any of several',
};

/** How deep the graph lets all and any be nested. */
export const DEEPEST = 3;
/** How many conditions the graph lets all and any hold. */
export const MOST_PARTS = 10;

export function blank(kind: ConditionKind): ConditionInput {
  switch (kind) {
    case 'threshold':
      return { threshold: { metric: '', above: null, below: null, for: 'PT0S', hysteresis: 0, clearAfter: 'PT0S' } };
    case 'rateOfChange':
      return { rateOfChange: { metric: '', perMinuteAbove: 1, over: 'PT1M' } };
    case 'trend':
      return { trend: { metric: '', reaches: 0, within: 'PT1H', over: 'PT1H' } };
    case 'anomaly':
      return { anomaly: { metric: '', sensitivity: 'MEDIUM' } };
    case 'offline':
      return { offline: { metric: null, after: null } };
    case 'earlyWarningScore':
      return { earlyWarningScore: { score: 5, singleParameter: true, validFor: 'PT1H' } };
    case 'all':
      return { all: [blank('threshold'), blank('threshold')] };
    case 'any':
      return { any: [blank('threshold'), blank('threshold')] };
  }
}

export function kindOf(condition: ConditionInput): ConditionKind {
  return [...LEAF_KINDS, ...GROUP_KINDS].find((kind) => condition[kind] != null) ?? 'threshold';
}

/** Keeps the metric when a condition becomes another kind of one. */
export function changedTo(kind: ConditionKind, before: ConditionInput): ConditionInput {
  const next = blank(kind);
  if (kind === 'all' || kind === 'any') return { [kind]: before.all ?? before.any ?? [before, blank('threshold')] };
  const metric = metricOf(before);
  const parts = next[kind];
  return metric && parts && 'metric' in parts && kind !== 'offline' ? { [kind]: { ...parts, metric } } : next;
}

export function metricOf(condition: ConditionInput): string | null {
  const parts = condition[kindOf(condition)];
  return parts && 'metric' in parts ? (parts.metric ?? null) : null;
}

/** A condition as the graph gives it, as the graph takes it. */
export function draftOf(condition: ConditionLike): ConditionInput {
  const kind = [...LEAF_KINDS, ...GROUP_KINDS].find((known) => condition[known] != null) ?? 'threshold';
  const parts = condition[kind];
  if (Array.isArray(parts)) return { [kind]: (parts as readonly ConditionLike[]).map(draftOf) };
  // What the graph says about its own types is no part of what it takes.
  return { [kind]: Object.fromEntries(Object.entries(parts ?? {}).filter(([name]) => name !== '__typename')) };
}

/** Each level of nesting has a type of its own; what they share is that exactly one kind is set. */
type ConditionLike = Readonly<Partial<Record<ConditionKind, unknown>>>;
