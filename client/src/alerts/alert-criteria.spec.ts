import type { AlertPartsFragment } from '../core/alert.generated';
import { parseCriteria, upserted } from './alert-criteria';

const alert = (id: string, minute: number, over: Partial<AlertPartsFragment> = {}): AlertPartsFragment => ({
  id,
  deviceId: 'd',
  deviceKey: 'device-001',
  deviceName: 'Press 1',
  kind: 'THRESHOLD_EXCEEDED',
  severity: 'HIGH',
  status: 'TRIGGERED',
  metric: 'temperature',
  value: 90,
  unit: 'Cel',
  threshold: 85,
  message: 'Temperature 90 above 85',
  startedAt: new Date(minute * 60_000).toISOString(),
  raisedAt: new Date(minute * 60_000).toISOString(),
  acknowledgedAt: null,
  escalatedAt: null,
  escalationLevel: 0,
  resolvedAt: null,
  occurrences: 1,
  silenced: false,
  assignee: null,
  ...over,
});
const ids = (alerts: readonly AlertPartsFragment[]): string[] => alerts.map(({ id }) => id);

describe('the alert list while alerts change', () => {
  const listed = [alert('c', 3), alert('a', 1)];
  const open = parseCriteria({});

  it('takes a new alert in at its place, and a changed one where it stands', () => {
    expect(ids(upserted(listed, alert('b', 2), open))).toEqual(['c', 'b', 'a']);
    expect(ids(upserted(listed, alert('a', 1, { status: 'ACKNOWLEDGED' }), open))).toEqual(['c', 'a']);
  });

  it('puts a worse alert above a newer one while both are open, and below it in the record', () => {
    const critical = alert('x', 0, { severity: 'CRITICAL' });
    expect(ids(upserted(listed, critical, open))).toEqual(['x', 'c', 'a']);
    expect(ids(upserted(listed, alert('l', 9, { severity: 'LOW' }), open))).toEqual(['c', 'a', 'l']);
    expect(ids(upserted(listed, critical, parseCriteria({ status: 'all' })))).toEqual(['c', 'a', 'x']);
  });

  it('lets go of what no longer matches the filters in the address', () => {
    expect(ids(upserted(listed, alert('c', 3, { status: 'RESOLVED' }), open))).toEqual(['a']);
    expect(ids(upserted(listed, alert('c', 3, { status: 'RESOLVED' }), parseCriteria({ status: 'all' })))).toEqual(['c', 'a']);
    expect(ids(upserted(listed, alert('n', 9), parseCriteria({ severity: 'CRITICAL' })))).toEqual(['c', 'a']);
    expect(ids(upserted(listed, alert('n', 9), parseCriteria({ search: 'press 2' })))).toEqual(['c', 'a']);
  });

  it('falls back to open alerts when the address names nothing known', () => {
    expect(parseCriteria({ status: 'nonsense', severity: 'EXTREME' })).toEqual({ status: 'open', severity: null, search: '' });
  });
});
