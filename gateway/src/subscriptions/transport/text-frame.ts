const FIN_TEXT = 0x81;
const MAX_UINT32 = 2 ** 32;

/**
 * An unmasked WebSocket text frame [RFC 6455 §5.2] around `head`, `body` and `tail`, as one buffer. Built here rather than
 * by `ws`, because the body is shared by thousands of clients and only the head differs: one copy, one write.
 */
export function textFrame(head: Uint8Array, body: Uint8Array, tail: Uint8Array): Buffer {
  const length = head.length + body.length + tail.length;
  const headerLength = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerLength + length);
  frame[0] = FIN_TEXT;
  if (headerLength === 2) frame[1] = length;
  else if (headerLength === 4) {
    frame[1] = 126;
    frame[2] = length >> 8;
    frame[3] = length & 0xff;
  } else {
    frame[1] = 127;
    frame.writeUInt32BE(Math.floor(length / MAX_UINT32), 2);
    frame.writeUInt32BE(length % MAX_UINT32, 6);
  }
  frame.set(head, headerLength);
  frame.set(body, headerLength + head.length);
  frame.set(tail, headerLength + head.length + body.length);
  return frame;
}
