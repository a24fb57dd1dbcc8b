import { afterTransition, worstFirst, type Standing } from './worst-first';

const row = (deviceId: string, openSeverity: Standing['openSeverity'] = null, openCount = openSeverity ? 1 : 0): Standing => ({
  deviceId,
  openSeverity,
  openCount,
});

describe('worst first', () => {
  it('puts the most severe on top and keeps the order among equals', () => {
    const rows = [
      row('calm-1'),
      row('low', 'LOW'),
      row('calm-2'),
      row('critical-1', 'CRITICAL'),
      row('high', 'HIGH'),
      row('critical-2', 'CRITICAL'),
    ];
    expect(worstFirst(rows).map(({ deviceId }) => deviceId)).toEqual(['critical-1', 'critical-2', 'high', 'low', 'calm-1', 'calm-2']);
  });

  it('moves a device up the moment something is raised', () => {
    const rows = [row('a', 'HIGH'), row('b')];
    const raised = rows.map((r) => (r.deviceId === 'b' ? afterTransition(r, 'RAISED', 'CRITICAL') : r));
    expect(worstFirst(raised)[0]).toEqual({ deviceId: 'b', openSeverity: 'CRITICAL', openCount: 1 });
  });

  it('never calls a device better than the server says', () => {
    const critical = row('a', 'CRITICAL', 2);
    expect(afterTransition(critical, 'RESOLVED', 'CRITICAL')).toBe(critical);
    expect(afterTransition(critical, 'RAISED', 'LOW')).toEqual({ deviceId: 'a', openSeverity: 'CRITICAL', openCount: 3 });
  });
});
