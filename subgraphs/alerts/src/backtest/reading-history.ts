import { READING_HISTORY_PATH, type ReadingHistoryRequest } from '@pulsegraph/contracts';
import { DomainError } from '@pulsegraph/kit/errors';

/** Where stored readings come from: frames of contracts/reading-history, cut anywhere. */
export interface ReadingHistorySource {
  read(request: ReadingHistoryRequest): AsyncIterable<Uint8Array>;
}

/** Telemetry over HTTP, in another process. */
export function httpReadingHistory({ url, internalToken }: { url: string; internalToken: string }): ReadingHistorySource {
  return {
    async *read(request) {
      const response = await ask(new URL(READING_HISTORY_PATH, url), internalToken, request);
      if (!response.ok || !response.body) throw unavailable(new Error(`Telemetry answered ${response.status}.`));
      try {
        yield* response.body;
      } catch (error) {
        throw unavailable(error);
      }
    },
  };
}

async function ask(url: URL, internalToken: string, request: ReadingHistoryRequest): Promise<Response> {
  try {
    return await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${internalToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(request),
    });
  } catch (error) {
    throw unavailable(error);
  }
}

const unavailable = (cause: unknown) =>
  new DomainError('SERVICE_UNAVAILABLE', 'Stored readings cannot be read now; try again shortly.', {}, { cause });
