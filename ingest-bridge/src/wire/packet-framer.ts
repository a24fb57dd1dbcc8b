/** MQTT control packet types, the upper four bits of the first byte. */
export const PacketType = {
  CONNECT: 1,
  PUBLISH: 3,
  PUBACK: 4,
  PUBREC: 5,
  PUBREL: 6,
  PUBCOMP: 7,
  PINGREQ: 12,
  PINGRESP: 13,
  DISCONNECT: 14,
} as const;

export interface PublishPacket {
  topic: string;
  qos: 0 | 1 | 2;
  retain: boolean;
  /** 0 for QoS 0. */
  packetId: number;
  /** A view of the bytes read: valid until the next packet, copy to keep. */
  payload: Buffer;
}

export interface PacketSink {
  publish(packet: PublishPacket): void;
  /** A PUBLISH above the bound: `payload` holds its beginning, the rest is skipped unread. */
  oversized(packet: PublishPacket, totalBytes: number): void;
  /** Any other packet, whole. */
  other(packet: Buffer, type: number): void;
  /** The stream makes no sense: close it. */
  malformed(reason: string): void;
}

export interface FramerLimits {
  maxPublishBytes: number;
  /** Of any other packet. */
  maxControlBytes: number;
}

const MAX_TOPIC_BYTES = 65_535;
const KEPT_BYTES = 1024;

/**
 * Cuts a byte stream into MQTT 3.1.1 packets. PUBLISH is read here, because it is the hot path; the rest is handed on
 * as it came. Holds at most one packet; an oversized PUBLISH is never gathered.
 */
export class PacketFramer {
  private held: Buffer[] = [];
  private heldBytes = 0;
  private wantedBytes = 0;
  private skipBytes = 0;
  private paused = false;

  constructor(
    private readonly sink: PacketSink,
    private readonly limits: FramerLimits,
  ) {}

  feed(chunk: Buffer): void {
    if (this.heldBytes === 0 && !this.paused) return this.run(chunk);
    this.held.push(chunk);
    this.heldBytes += chunk.length;
    this.runHeld();
  }

  /** Takes effect before the next packet. */
  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.runHeld();
  }

  private runHeld(): void {
    if (this.paused || this.heldBytes === 0 || this.heldBytes < this.wantedBytes) return;
    const bytes = this.held.length === 1 ? this.held[0]! : Buffer.concat(this.held, this.heldBytes);
    this.held = [];
    this.heldBytes = 0;
    this.run(bytes);
  }

  private hold(bytes: Buffer, offset: number, wantedBytes: number): void {
    if (offset < bytes.length) {
      this.held.push(offset === 0 ? bytes : bytes.subarray(offset));
      this.heldBytes = bytes.length - offset;
    }
    this.wantedBytes = wantedBytes;
  }

  private run(bytes: Buffer): void {
    let offset = 0;
    while (offset < bytes.length) {
      if (this.skipBytes > 0) {
        const skipped = Math.min(this.skipBytes, bytes.length - offset);
        this.skipBytes -= skipped;
        offset += skipped;
        continue;
      }
      if (this.paused) return this.hold(bytes, offset, 0);
      const first = bytes[offset]!;
      // [MQTT-2.2.3] Remaining length: at most four bytes, seven bits each.
      let body = offset + 1;
      let length = 0;
      let shift = 0;
      for (;;) {
        if (body >= bytes.length) return this.hold(bytes, offset, body - offset + 1);
        const digit = bytes[body++]!;
        length |= (digit & 0x7f) << shift;
        shift += 7;
        if (digit < 0x80) break;
        if (shift === 28) return this.sink.malformed('remaining length of more than four bytes');
      }
      const type = first >> 4;
      const end = body + length;
      if (type === PacketType.PUBLISH) {
        const oversized = length > this.limits.maxPublishBytes + MAX_TOPIC_BYTES;
        const needed = oversized ? body + MAX_TOPIC_BYTES + 4 + KEPT_BYTES : end;
        if (bytes.length < needed) return this.hold(bytes, offset, needed - offset);
        const taken = oversized ? needed : end;
        const packet = readPublish(bytes, first, body, taken);
        if (typeof packet === 'string') return this.sink.malformed(packet);
        this.skipBytes = end - taken;
        offset = taken;
        if (oversized || packet.payload.length > this.limits.maxPublishBytes)
          this.sink.oversized(packet, packet.payload.length + end - taken);
        else this.sink.publish(packet);
      } else {
        if (length > this.limits.maxControlBytes) return this.sink.malformed('control packet too large');
        if (bytes.length < end) return this.hold(bytes, offset, end - offset);
        const packet = bytes.subarray(offset, end);
        offset = end;
        this.sink.other(packet, type);
      }
    }
    this.wantedBytes = 0;
  }
}

function readPublish(bytes: Buffer, first: number, body: number, end: number): PublishPacket | string {
  const qos = (first >> 1) & 3;
  if (qos === 3) return 'QoS 3'; // [MQTT-3.3.1-4]
  if (body + 2 > end) return 'PUBLISH without a topic';
  const topicEnd = body + 2 + ((bytes[body]! << 8) | bytes[body + 1]!);
  const payloadStart = qos === 0 ? topicEnd : topicEnd + 2;
  if (payloadStart > end) return 'PUBLISH shorter than its topic';
  const topic = bytes.toString('utf8', body + 2, topicEnd);
  // [MQTT-3.3.2-2], [MQTT-4.7.3-1]
  if (topic === '' || topic.includes('#') || topic.includes('+') || topic.includes('\0')) return 'PUBLISH with a topic that is none';
  const packetId = qos === 0 ? 0 : (bytes[topicEnd]! << 8) | bytes[topicEnd + 1]!;
  if (qos > 0 && packetId === 0) return 'packet identifier 0'; // [MQTT-2.3.1-1]
  return { topic, qos: qos as 0 | 1 | 2, retain: (first & 1) === 1, packetId, payload: bytes.subarray(payloadStart, end) };
}
