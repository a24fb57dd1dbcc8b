import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { errors } from '../errors/index.js';

/** A place in commit order: for each group of writers the last sequence number seen. */
export type CursorPlace = Readonly<Record<string, number>>;

const body = z.tuple([z.string(), z.string(), z.record(z.string(), z.int().nonnegative())]);

/**
 * Opaque, signed and bound to the organization and the stream. The same on every log engine, and valid across restarts
 * as long as the key is: derive it from a stored secret, never from the process.
 */
export function createCursorCodec(stream: string, keys: readonly string[]) {
  const sign = (key: string, text: string) => createHmac('sha256', `cursor:${key}`).update(text).digest().subarray(0, 12);
  return {
    encode(organizationId: string, place: CursorPlace): string {
      const text = Buffer.from(JSON.stringify([stream, organizationId, place])).toString('base64url');
      return `${text}.${sign(keys[0]!, text).toString('base64url')}`;
    },
    /** @throws CURSOR_EXPIRED for anything this organization did not get from this stream. */
    decode(organizationId: string, cursor: string): CursorPlace {
      const [text = '', signature = ''] = cursor.split('.');
      const given = Buffer.from(signature, 'base64url');
      const genuine = keys.some((key) => {
        const expected = sign(key, text);
        return expected.length === given.length && timingSafeEqual(expected, given);
      });
      if (!genuine) throw errors.cursorExpired();
      const [ofStream, ofOrganization, place] = body.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
      if (ofStream !== stream || ofOrganization !== organizationId) throw errors.cursorExpired();
      return place;
    },
  };
}

export type CursorCodec = ReturnType<typeof createCursorCodec>;
