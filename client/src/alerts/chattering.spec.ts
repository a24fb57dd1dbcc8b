import { isChattering } from './chattering';

const history = (...events: [second: number, transition: string][]): { at: string; transition: string }[] =>
  events.map(([second, transition]) => ({ at: new Date(second * 1_000).toISOString(), transition }));

describe('an alert that chatters', () => {
  it('came three times within a minute', () => {
    expect(isChattering(history([0, 'RAISED'], [10, 'RESOLVED'], [30, 'REOPENED'], [60, 'REPEATED']))).toBe(true);
  });

  it('is not one that came twice, or slowly, or that people wrote about', () => {
    expect(isChattering(history([0, 'RAISED'], [30, 'REPEATED']))).toBe(false);
    expect(isChattering(history([0, 'RAISED'], [40, 'REPEATED'], [80, 'REPEATED']))).toBe(false);
    expect(isChattering(history([0, 'RAISED'], [5, 'COMMENTED'], [9, 'ACKNOWLEDGED']))).toBe(false);
  });
});
