import fc from 'fast-check';
import { decodeReadingFrames, encodeReadingFrame, type ReadingFrame } from './reading-history.js';

const numbers = fc.array(fc.double({ noNaN: true }), { maxLength: 50 });
const frame: fc.Arbitrary<ReadingFrame> = fc
  .tuple(fc.nat(1_000), fc.string({ unit: 'grapheme', maxLength: 12 }), numbers, fc.boolean())
  .map(([series, unit, values, words]) => {
    const recordedAtUs = Float64Array.from(values, (_value, index) => 1.7e15 + index);
    return words
      ? { series, unit, recordedAtUs, values: null, words: values.map((value) => `${value} °é"`) }
      : { series, unit, recordedAtUs, values: Float64Array.from(values), words: null };
  });

async function* cutAt(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    const to = Math.min(cut, bytes.length);
    if (to > from) yield bytes.subarray(from, to);
    from = Math.max(from, to);
  }
  yield bytes.subarray(from);
}
async function collect(stream: AsyncIterable<ReadingFrame>): Promise<ReadingFrame[]> {
  const frames: ReadingFrame[] = [];
  for await (const found of stream) frames.push(found);
  return frames;
}

it('gives back what was sent, wherever the stream is cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { maxLength: 6 }), fc.array(fc.nat(3_000), { maxLength: 20 }), async (frames, cuts) => {
      // As it comes from a socket: a view into a larger buffer.
      const bytes = Buffer.concat([Buffer.alloc(3), ...frames.map(encodeReadingFrame)]).subarray(3);
      expect(await collect(decodeReadingFrames(cutAt(bytes, cuts)))).toEqual(frames);
    }),
  );
});

it('refuses what is no such stream, or ends too early', async () => {
  const bytes = encodeReadingFrame({ series: 0, unit: 'Cel', recordedAtUs: Float64Array.of(1), values: Float64Array.of(2), words: null });
  await expect(collect(decodeReadingFrames(cutAt(bytes.subarray(0, -1), [])))).rejects.toThrow('ended within a frame');
  await expect(collect(decodeReadingFrames(cutAt(new Uint8Array(100), [])))).rejects.toThrow('no stream of readings');
});
