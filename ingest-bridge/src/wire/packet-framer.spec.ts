import fc from 'fast-check';
import { generate } from 'mqtt-packet';
import { PacketFramer, type PacketSink, type PublishPacket } from './packet-framer.js';

const LIMITS = { maxPublishBytes: 4096, maxControlBytes: 1024 };

/** Writes down what comes; pauses the framer after every n-th packet, as pressure would. */
function recorder(pauseEvery = 0) {
  const seen: string[] = [];
  const sink: PacketSink = {
    publish: ({ topic, qos, packetId, retain, payload }) => note(`${topic} ${qos} ${packetId} ${retain} ${payload.toString('hex')}`),
    oversized: ({ topic, packetId }, totalBytes) => note(`${topic} ${packetId} too large: ${totalBytes}`),
    other: (packet) => note(packet.toString('hex')),
    malformed: (reason) => note(`malformed: ${reason}`),
  };
  const framer = new PacketFramer(sink, LIMITS);
  const note = (line: string) => {
    seen.push(line);
    if (pauseEvery > 0 && seen.length % pauseEvery === 0) framer.pause();
  };
  return { seen, framer };
}

const publish = ({ topic, qos, retain, payload }: Pick<PublishPacket, 'topic' | 'qos' | 'retain' | 'payload'>) =>
  generate({ cmd: 'publish', topic, qos, retain, payload, dup: false, ...(qos > 0 && { messageId: 7 }) });

const packet = fc.oneof(
  fc
    .record({
      topic: fc.constantFrom('a', 'pulse/v1/o/d/readings', 'grüße'),
      qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
      retain: fc.boolean(),
      payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    })
    .map(publish),
  fc.constantFrom(5_000, 80_000).map((size) => publish({ topic: 'big', qos: 1, retain: false, payload: Buffer.alloc(size) })),
  fc.constantFrom(generate({ cmd: 'pingreq' }), generate({ cmd: 'pubrel', messageId: 7 })),
);

it('finds the same packets however the bytes are cut, and however often it is paused', () => {
  fc.assert(
    fc.property(
      fc.array(packet, { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1 }),
      fc.nat(3),
      (packets, cuts, pauseEvery) => {
        const whole = recorder();
        for (const one of packets) whole.framer.feed(one);
        expect(whole.seen).toHaveLength(packets.length);

        const cut = recorder(pauseEvery);
        const bytes = Buffer.concat(packets);
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const end = at + cuts[i % cuts.length]!;
          cut.framer.feed(bytes.subarray(at, end));
          at = end;
        }
        for (let i = 0; i <= packets.length; i++) cut.framer.resume();
        expect(cut.seen).toEqual(whole.seen);
      },
    ),
    { numRuns: 300, seed: 11 },
  );
});

it.each([
  ['a topic with a wildcard', publish({ topic: 'a/b', qos: 0, retain: false, payload: Buffer.alloc(0) }).fill('#', 4, 5)],
  ['QoS 3', Buffer.from([0x36, 4, 0, 1, 97, 0])],
  ['a topic longer than the packet', Buffer.from([0x30, 3, 0, 9, 97])],
  ['packet identifier 0', Buffer.from([0x32, 5, 0, 1, 97, 0, 0])],
  ['a length of five bytes', Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 1])],
  ['a huge control packet', Buffer.from([0x82, 0xff, 0xff, 0x7f])],
])('calls %s malformed', (_, bytes) => {
  const { seen, framer } = recorder();
  framer.feed(bytes);
  expect(seen).toEqual([expect.stringMatching(/^malformed/)]);
});

it('never throws and never waits for more than its bounds, whatever the bytes', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { maxLength: 20 }), (chunks) => {
      const { framer } = recorder();
      for (const chunk of chunks) framer.feed(Buffer.from(chunk));
    }),
    { numRuns: 2_000, seed: 11 },
  );
});
