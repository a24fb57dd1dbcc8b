import { isStale } from './staleness';

describe('isStale', () => {
  const NOW = 1_800_000_000_000;

  it.each([
    ['fresh', NOW - 9_999, 5_000, false],
    ['after two expected intervals', NOW - 10_001, 5_000, true],
    ['a fast sensor is given time for the network', NOW - 1_900, 100, false],
    ['a fast sensor that stopped', NOW - 2_100, 100, true],
    ['a device clock ahead of ours', NOW + 60_000, 1_000, false],
    ['never measured', null, 1_000, true],
  ])('%s', (_name, recordedAtMs, intervalMs, stale) => {
    expect(isStale(recordedAtMs, intervalMs, NOW)).toBe(stale);
  });
});
