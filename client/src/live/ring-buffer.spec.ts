import { RingBuffer } from './ring-buffer';

const points = (ring: RingBuffer): [number, number][] => [...ring.t].map((t, i) => [t, ring.v[i]!]);

describe('RingBuffer', () => {
  it('keeps the newest points in order over many rounds', () => {
    const ring = new RingBuffer(150);
    for (let i = 0; i < 2_000; i++) {
      ring.push(i, i * 10);
      if (i % 37 > 0) continue;
      const first = Math.max(0, i - 149);
      expect(points(ring)).toEqual(Array.from({ length: i - first + 1 }, (_, n) => [first + n, (first + n) * 10]));
    }
  });

  it('puts a late point in its place and takes each instant once', () => {
    const ring = new RingBuffer(5);
    for (const t of [10, 30, 40]) ring.push(t, t);
    expect(ring.push(20, 20)).toBe(true);
    expect(ring.push(30, 99)).toBe(false);
    expect(points(ring)).toEqual([
      [10, 10],
      [20, 20],
      [30, 30],
      [40, 40],
    ]);
  });

  it('refuses what is older than everything it can hold', () => {
    const ring = new RingBuffer(2);
    ring.push(10, 1);
    ring.push(20, 2);
    expect(ring.push(5, 0)).toBe(false);
    ring.push(15, 1.5);
    expect(points(ring)).toEqual([
      [15, 1.5],
      [20, 2],
    ]);
  });
});
