import { FACTORY } from './fleet/factory.js';
import { WARD } from './fleet/ward.js';
import { createSignal } from './signal/signal.js';

const take = (count: number, next: () => number) => Array.from({ length: count }, next);

describe('the simulated fleet', () => {
  it('is the same, value for value, for the same seed, and another for another', () => {
    const [device] = FACTORY;
    const signal = Object.values(device!.signals)[0]!;
    const run = (seed: number) => take(500, createSignal(seed, device!.key, signal));
    expect(run(7)).toEqual(run(7));
    expect(run(7)).not.toEqual(run(8));
  });

  it.each(FACTORY.map((device) => [device.key, device] as const))(
    '%s leaves its normal range in about 5 %% of its readings',
    (_key, device) => {
      const [[metric, signal]] = Object.entries(device.signals) as [[string, (typeof device.signals)[string]]];
      const { normalMin, normalMax, alertMin = -Infinity, alertMax = Infinity } = device.profile.metrics[0]!;
      const values = take(20_000, createSignal(1, `${device.key}/${metric}`, signal));
      const share = (outside: (value: number) => boolean) => values.filter(outside).length / values.length;
      expect(share((value) => value < normalMin! || value > normalMax!)).toBeGreaterThan(0.035);
      expect(share((value) => value < normalMin! || value > normalMax!)).toBeLessThan(0.065);
      expect(share((value) => value < alertMin || value > alertMax)).toBeGreaterThan(0.01);
    },
  );

  it('monitors report vital signs with LOINC codes, within plausible bounds', () => {
    for (const monitor of WARD) {
      for (const metric of monitor.profile.metrics) {
        expect(metric.loinc).toMatch(/^\d+-\d$/);
        const values = take(2_000, createSignal(3, monitor.key, monitor.signals[metric.metric]!));
        expect(Math.min(...values)).toBeGreaterThanOrEqual(metric.plausibleMin!);
        expect(Math.max(...values)).toBeLessThanOrEqual(metric.plausibleMax!);
      }
    }
  });
});
