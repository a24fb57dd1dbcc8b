import type { Severity } from '@pulsegraph/contracts';

/** What a template may name. */
export const PLACEHOLDERS = [
  'severity',
  'device',
  'deviceKey',
  'rule',
  'message',
  'metric',
  'value',
  'unit',
  'limit',
  'trend',
  'since',
  'event',
  'link',
] as const;
export type Placeholder = (typeof PLACEHOLDERS)[number];

/** An alert as it was when somebody was to hear of it. */
export interface Notice {
  /** Null for a test. */
  alertId: string | null;
  event: 'raised' | 'escalated' | 'resolved' | 'test';
  level: number;
  severity: Severity;
  kind: string;
  deviceId: string | null;
  deviceKey: string;
  deviceName: string;
  ruleId: string | null;
  ruleName: string;
  message: string;
  metric: string | null;
  value: number | null;
  unit: string | null;
  threshold: number | null;
  /** The value before, where one is known. */
  previousValue: number | null;
  startedAt: string;
  raisedAt: string;
}

export interface MessageText {
  title: string;
  text: string;
}

export interface Template {
  title?: string;
  text?: string;
}

const PATTERN = /\{([A-Za-z]+)\}/g;

export function unknownPlaceholder(text: string): string | null {
  for (const [, name] of text.matchAll(PATTERN)) if (!PLACEHOLDERS.includes(name as Placeholder)) return name!;
  return null;
}

/** One alert in words: what the channel's template says, or ours. */
export function textOf(notice: Notice, link: string, template: Template = {}): MessageText {
  const values = valuesOf(notice, link);
  const fill = (text: string) => text.replace(PATTERN, (whole, name: Placeholder) => values[name] ?? whole);
  return {
    title: template.title === undefined ? titleOf(notice) : oneLine(fill(template.title)),
    text: template.text === undefined ? bodyOf(notice, values) : fill(template.text),
  };
}

export function titleOf({ event, severity, deviceName, message, level }: Notice): string {
  if (event === 'test') return oneLine(`[TEST] ${message}`);
  const happened = event === 'resolved' ? 'Resolved: ' : event === 'escalated' ? `Escalated (${level}): ` : '';
  return oneLine(`[${severity}] ${happened}${deviceName}: ${message}`);
}

function bodyOf(notice: Notice, values: Record<Placeholder, string>): string {
  if (notice.event === 'test') return notice.message;
  const rows: [string, string][] = [
    ['Device', `${values.device} (${values.deviceKey})`],
    ['Rule', values.rule],
    ['Value', [values.value, values.unit].filter(Boolean).join(' ')],
    ['Limit', values.limit && [values.limit, values.unit].filter(Boolean).join(' ')],
    ['Trend', values.trend],
    ['Since', values.since],
  ];
  const facts = rows.filter(([, value]) => value !== '').map(([name, value]) => `${name}: ${value}`);
  return [`${titleOf(notice)}.`, '', ...facts, '', values.link].join('\n');
}

function valuesOf(notice: Notice, link: string): Record<Placeholder, string> {
  return {
    severity: notice.severity,
    device: notice.deviceName,
    deviceKey: notice.deviceKey,
    rule: notice.ruleName,
    message: notice.message,
    metric: notice.metric ?? '',
    value: numberText(notice.value),
    unit: notice.unit ?? '',
    limit: numberText(notice.threshold),
    trend: trendOf(notice),
    since: notice.startedAt,
    event: notice.event,
    link,
  };
}

/** Which way it goes, and whether that is away from the limit. */
export function trendOf({ value, previousValue, unit, threshold }: Notice): string {
  if (value === null || previousValue === null) return '';
  const before = [numberText(previousValue), unit].filter(Boolean).join(' ');
  if (value === previousValue) return `steady at ${before}`;
  const direction = value > previousValue ? 'rising' : 'falling';
  const towards = threshold === null || Math.abs(value - threshold) >= Math.abs(previousValue - threshold) ? '' : ', towards the limit';
  return `${direction} from ${before}${towards}`;
}

const numberText = (value: number | null) => (value === null ? '' : String(Number(value.toPrecision(6))));
const oneLine = (text: string) => text.replace(/\s+/g, ' ').trim().slice(0, 200);
