import type { ProfileChoice } from '../core/choices';
import { errorText } from '../core/error-text';
import { RequestFailed } from '../core/faults';
import { asFormFault, outcomeText, perDayText, questionOf, startOf, tookText, valueText } from './backtest-text';

const found = (alertsPerDay: number, evaluated = 1_000) => ({ alertsPerDay, evaluated, durationMs: 20, alerts: [] });
const pump = { metrics: [{ metric: 'temperature', unit: 'Cel' }] } as unknown as ProfileChoice;
const threshold = { threshold: { metric: 'temperature', above: 80 } };

describe('what a back-test says', () => {
  it('counts every alert, also those that are not listed', () => {
    expect(outcomeText({ asked: '', days: 30, found: found(1234 / 30) })).toBe('It would have raised 1,234 alerts in the last 30 days.');
    expect(outcomeText({ asked: '', days: 7, found: found(1 / 7) })).toBe('It would have raised one alert in the last 7 days.');
    expect(outcomeText({ asked: '', days: 1, found: found(0) })).toBe('It would have raised no alert in the last day.');
  });

  it('does not call a time without readings a time without alerts', () => {
    expect(outcomeText({ asked: '', days: 7, found: found(0, 0) })).toMatch(/^Nothing to test on: .* in the last 7 days\.$/);
  });

  it('says rare and frequent alerts per day with the digits that matter', () => {
    expect([0, 1 / 30, 1.43, 3, 14.3, 1234.5].map(perDayText)).toEqual(['0', '0.03', '1.4', '3', '14', '1,235']);
    expect([0, 840, 1_260].map(tookText)).toEqual(['0 ms', '840 ms', '1.3 s']);
  });

  it('begins the chosen number of days before now', () => {
    expect(startOf(7, Date.parse('2026-11-27T20:00:00Z'))).toBe('2026-11-20T20:00:00.000Z');
  });

  it('gives a value the unit that it has on the device’s profile', () => {
    expect(valueText(83.2, threshold, pump)).toBe('83.2 °C');
    expect(valueText(2.5, { rateOfChange: { metric: 'temperature', perMinuteAbove: 1 } }, pump)).toBe('2.5 °C per minute');
    expect(valueText(7, { earlyWarningScore: { score: 5 } }, pump)).toBe('7');
    expect(valueText(83.2, threshold, undefined)).toBe('83.2');
    expect(valueText(null, { all: [threshold, threshold] }, pump)).toBe('–');
  });

  it('is out of date once devices or condition changed, not for another name or for having been saved', () => {
    const rule = { name: 'a', severity: 'HIGH' as const, target: { profileId: '1' }, condition: threshold };
    const saved = { ...rule, name: 'b', target: { deviceIds: null, profileId: '1', assetId: null } };
    expect(questionOf(saved)).toBe(questionOf(rule));
    expect(questionOf({ ...rule, target: { profileId: '2' } })).not.toBe(questionOf(rule));
    expect(questionOf({ ...rule, condition: { threshold: { metric: 'temperature', above: 81 } } })).not.toBe(questionOf(rule));
  });

  it('explains in the words of the form why connectivity cannot be tested, and leaves other refusals alone', () => {
    const refused = (path: string): RequestFailed =>
      new RequestFailed([{ code: 'BAD_USER_INPUT', message: `${path}: give a time with \`after\``, details: { path } }]);
    expect(errorText(asFormFault(refused('input.condition.offline')))).toMatch(/how long it must be silent/);
    const other = refused('to');
    expect(asFormFault(other)).toBe(other);
  });
});
