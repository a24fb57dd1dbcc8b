import { changedTo, draftOf, kindOf } from './condition-draft';

const leaf = { threshold: null, rateOfChange: null, offline: null, anomaly: null, trend: null, earlyWarningScore: null };
const threshold = { metric: 'temperature', above: 85, below: null, for: 'PT1M', hysteresis: 0, clearAfter: 'PT0S' };

describe('a condition while it is edited', () => {
  it('goes back to the graph as it came, without the kinds that it is not', () => {
    const nested = {
      ...leaf,
      all: null,
      any: [
        { ...leaf, threshold },
        { ...leaf, offline: { metric: null, after: null } },
      ],
    };
    expect(draftOf(nested)).toEqual({ any: [{ threshold }, { offline: { metric: null, after: null } }] });
  });

  it('keeps its metric when it becomes another kind, and becomes the first part of a group', () => {
    expect(changedTo('trend', { threshold }).trend).toMatchObject({ metric: 'temperature' });
    expect(changedTo('all', { threshold }).all?.[0]).toEqual({ threshold });
    expect(changedTo('any', { all: [{ threshold }] })).toEqual({ any: [{ threshold }] });
  });

  it('knows its kind', () => {
    expect(kindOf({ offline: { metric: null } })).toBe('offline');
    expect(kindOf({ all: [] })).toBe('all');
  });
});
