import { isUtf8 } from 'node:buffer';
import type { RejectionReason } from '@pulsegraph/contracts';
import { KEPT_OF_TOO_LARGE_BYTES, MAX_MESSAGE_BYTES } from './limits.js';
import type { RefusedPart } from './raw-reading.js';

/** A view, not a copy. */
export function bytesOf(payload: Uint8Array): Buffer {
  return Buffer.isBuffer(payload) ? payload : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
}

/** The payload as text, or the reason why it is none. */
export function readText(payload: Uint8Array): string | RefusedPart {
  const bytes = bytesOf(payload);
  if (bytes.length > MAX_MESSAGE_BYTES) return tooLarge(bytes, bytes.length);
  const text = bytes.toString('utf8');
  // A replacement character was either sent, or stands for bad UTF-8; only then the slower look.
  if (!text.includes('\uFFFD') || isUtf8(bytes)) return text;
  return { index: 0, reason: 'MALFORMED', detail: 'Not UTF-8.', payload: bytes.toString('base64'), encoding: 'BASE64' };
}

/** @param start The beginning of the message, as much of it as is at hand. */
export function tooLarge(start: Uint8Array, totalBytes: number): RefusedPart {
  return {
    index: 0,
    reason: 'TOO_LARGE',
    detail: `The message has ${totalBytes} bytes; at most ${MAX_MESSAGE_BYTES} are read. Its beginning is kept.`,
    payload: bytesOf(start).subarray(0, KEPT_OF_TOO_LARGE_BYTES).toString('base64'),
    encoding: 'BASE64',
  };
}

/** Refuses a message as a whole. */
export function wholeMessage(payload: Uint8Array, reason: RejectionReason, detail: string): RefusedPart {
  const text = readText(payload);
  if (typeof text === 'string') return { index: 0, reason, detail, payload: text, encoding: 'UTF8' };
  return text.reason === 'TOO_LARGE'
    ? text
    : { index: 0, reason, detail, payload: bytesOf(payload).toString('base64'), encoding: 'BASE64' };
}
