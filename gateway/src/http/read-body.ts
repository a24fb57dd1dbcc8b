import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';

/** A request body that cannot be used. */
export class BadBody extends Error {
  override readonly name = 'BadBody';
  constructor(
    readonly status: 400 | 413,
    message: string,
  ) {
    super(message);
  }
}

/** @throws BadBody 413 above `maxBytes`, 400 for what is not UTF-8. */
export function readText(request: IncomingMessage, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const announced = Number(request.headers['content-length'] ?? 0);
    const tooLarge = () => new BadBody(413, `The request is larger than ${maxBytes} bytes.`);
    if (announced > maxBytes) return reject(tooLarge());
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else {
        request.pause();
        reject(tooLarge());
      }
    });
    request.on('end', () => {
      const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      if (isUtf8(body)) resolve(body.toString('utf8'));
      else reject(new BadBody(400, 'The request is not valid UTF-8.'));
    });
    request.on('error', reject);
    request.on('aborted', () => reject(new BadBody(400, 'The request ended early.')));
  });
}
