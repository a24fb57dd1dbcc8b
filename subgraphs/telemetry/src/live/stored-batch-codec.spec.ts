import type { RecordedReading, StoredReadings } from '@pulsegraph/contracts';
import fc from 'fast-check';
import { decodeStoredReadings, encodeStoredReadings } from './stored-batch-codec.js';

const reading: fc.Arbitrary<RecordedReading> = fc
  .record({
    metric: fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }),
    kind: fc.constantFrom('NUMBER' as const, 'BOOLEAN' as const, 'TEXT' as const),
    unit: fc.constantFrom('Cel', '1', 'mm[Hg]', 'µV'),
    recordedAtUs: fc.integer({ min: 0, max: 4_000_000_000_000_000 }),
    number: fc.double({ noNaN: true }),
    text: fc.string({ unit: 'grapheme' }),
    flags: fc.integer({ min: 0, max: 7 }),
  })
  .map(({ number, text, kind, ...rest }) => ({
    ...rest,
    kind,
    value: kind === 'TEXT' ? null : kind === 'BOOLEAN' ? Number(number > 0) : number,
    text: kind === 'TEXT' ? text : null,
  }));

const devices: fc.Arbitrary<StoredReadings[]> = fc.array(
  fc.record({
    deviceId: fc.uuid(),
    deviceKey: fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/),
    receivedAtUs: fc.integer({ min: 0, max: 4_000_000_000_000_000 }),
    readings: fc.array(reading, { maxLength: 20 }),
  }),
  { maxLength: 5 },
);

it('gives back exactly what was stored', () => {
  fc.assert(
    fc.property(devices, (stored) => expect(decodeStoredReadings(encodeStoredReadings(stored))).toEqual(stored)),
    { seed: 7 },
  );
});
