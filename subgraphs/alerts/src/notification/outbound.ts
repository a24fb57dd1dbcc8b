import { Agent, request, type Dispatcher } from 'undici';
import { addressFault, guardedLookup, REFUSED, type AddressPolicy } from './address-guard.js';
import type { Outcome } from './outcome.js';

export interface OutboundRequest {
  url: string;
  headers: Record<string, string>;
  body: string | Buffer;
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** Its beginning. */
  body: string;
}

const MAX_ANSWER_CHARACTERS = 2_000;
const MAX_ANSWER_BYTES = 64 * 1_024;
const MAX_RETRY_AFTER_MS = 3_600_000;

/** Calls that channels make into the world: deadlines, no redirects, and never into our own network unless that is allowed. */
export class Outbound {
  private readonly agent: Agent;

  constructor(
    private readonly addresses: AddressPolicy,
    private readonly deadlineMs: number,
  ) {
    this.agent = new Agent({
      connect: { timeout: deadlineMs, ...(addresses === 'refuse-private' && { lookup: guardedLookup }) },
      headersTimeout: deadlineMs,
      bodyTimeout: deadlineMs,
      connections: 64,
    });
  }

  /** @param judge What an answer means. */
  async post({ url, headers, body }: OutboundRequest, judge: (answer: Answer) => Outcome): Promise<Outcome> {
    const fault = addressFault(url, this.addresses);
    if (fault) return { outcome: 'REFUSED', detail: `The address ${fault}.` };
    try {
      const response = await request(url, {
        method: 'POST',
        headers: { 'user-agent': 'Pulsegraph', ...headers },
        body,
        dispatcher: this.agent,
        signal: AbortSignal.timeout(this.deadlineMs),
      });
      return judge({ status: response.statusCode, headers: response.headers, body: await beginningOf(response.body) });
    } catch (error) {
      return outcomeOfFault(error as NodeJS.ErrnoException, this.deadlineMs);
    }
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }
}

/** The status stands whether or not the rest arrives. */
async function beginningOf(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) break;
    }
  } catch {
    // what came before it broke off is what there is
  }
  return Buffer.concat(chunks).toString('utf8').slice(0, MAX_ANSWER_CHARACTERS);
}

const NEVER_LEFT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

function outcomeOfFault(error: NodeJS.ErrnoException, deadlineMs: number): Outcome {
  const code = error.code ?? '';
  if (code === REFUSED) return { outcome: 'REFUSED', detail: error.message };
  // A certificate that does not fit ends the connection before anything is said.
  if (NEVER_LEFT.has(code) || /^(CERT_|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code)) {
    return { outcome: 'FAILED', detail: `Could not connect: ${code}.` };
  }
  if (error.name === 'TimeoutError' || code === 'UND_ERR_HEADERS_TIMEOUT') {
    return { outcome: 'NO_ANSWER', detail: `No answer within ${deadlineMs / 1_000} s.` };
  }
  return { outcome: 'NO_ANSWER', detail: `The connection broke before an answer: ${code || error.message}.` };
}

export const isTaken = ({ status }: Answer) => status >= 200 && status < 300;

/** In words, for the log: never more than a line of it. */
export const said = ({ status, body }: Answer) =>
  `Answered ${status}${body.trim() ? `: ${body.trim().replace(/\s+/g, ' ').slice(0, 200)}` : '.'}`;

/** Not now: as long as `Retry-After` says, where it does. */
export function tryLater(answer: Answer, nowMs: number = Date.now()): Outcome {
  const header = answer.headers['retry-after'];
  const seconds = Number(header);
  const waitMs = typeof header !== 'string' ? NaN : Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(header) - nowMs;
  return {
    outcome: 'FAILED',
    detail: said(answer),
    ...(waitMs > 0 && { retryAfterMs: Math.min(waitMs, MAX_RETRY_AFTER_MS) }),
  };
}
