import { ERROR_CODES, type ErrorCode } from '@pulsegraph/contracts';
import { faultsOf, type Fault } from './faults';

/** What a person at the dashboard should read and do, where the advice of contracts (for whoever writes a client) is not it. */
const SENTENCES: Readonly<Partial<Record<ErrorCode, string>>> = {
  UNAUTHENTICATED: 'You are signed out. Sign in again.',
  FORBIDDEN: 'Your role may not do this. Ask an administrator.',
  NOT_FOUND: 'This does not exist, or you may not see it.',
  CONFLICT: 'Somebody changed this in the meantime. Look at the current state and try again.',
  BAD_USER_INPUT: 'Something in the form is not valid.',
  CURSOR_EXPIRED: 'The live view was away too long and has started afresh.',
  SESSION_EXPIRED: 'Your session has ended. Sign in again.',
  RATE_LIMITED: 'Too many requests. Wait a moment, then try again.',
  OPERATION_TOO_COSTLY: 'This asks for too much at once. Choose a shorter time or fewer items.',
  INTERNAL_SERVER_ERROR: 'Something went wrong on our side. Try again; if it stays, tell your administrator.',
  SERVICE_UNAVAILABLE: 'A part of the platform does not answer. Try again shortly.',
  EDGE_UNAVAILABLE: 'The device connection could not be told of the credential. Nothing was changed; try again.',
  GRAPHQL_PARSE_FAILED: 'This page is older than the server. Reload it.',
  GRAPHQL_VALIDATION_FAILED: 'This page is older than the server. Reload it.',
  OPERATION_NO_LONGER_VALID: 'This page is older than the server. Reload it.',
  OPERATION_NOT_TRUSTED: 'This page is older than the server. Reload it.',
  DEADLINE_EXCEEDED: 'This took too long. Choose a shorter time, or try again.',
  INVALID_CREDENTIALS: 'E-mail or password is wrong.',
  MFA_REQUIRED: 'Now the one-time password from your authenticator app.',
  LINK_EXPIRED: 'This link was used already, was replaced, or is too old. Ask for a new one.',
  PAYLOAD_TOO_LARGE: 'This is too much for one request. Send less at once.',
  TOO_MANY_SUBSCRIPTIONS: 'Too many live views are open. Close other tabs and reload this one.',
  ACCOUNT_LOCKED: 'Too many failed attempts. The account is locked for a while.',
  DEVICE_KEY_TAKEN: 'This key is taken. Keys are never used twice; choose another.',
  PROFILE_KEY_TAKEN: 'This profile key is taken. Choose another.',
  ASSIGNMENT_OVERLAPS: 'The device is assigned elsewhere at that time. End that assignment first.',
  ALERT_ALREADY_ACKNOWLEDGED: 'Somebody else has already acknowledged this alert.',
  ALERT_ALREADY_RESOLVED: 'This alert is already resolved.',
  SLOW_CONSUMER: 'The live view could not keep up and is resuming.',
};

/** These are about what the person typed or asked for, so the server's own words say more than ours. */
const SPECIFIC: ReadonlySet<string> = new Set<ErrorCode>(['BAD_USER_INPUT', 'CONFLICT']);

/** Details of BAD_USER_INPUT that a person understands better than the path they come with. */
const REASONS: Readonly<Record<string, string>> = {
  TOO_SHORT: 'The password needs at least 12 characters.',
  TOO_LONG: 'The password may have at most 256 characters.',
  TOO_EASY_TO_GUESS: 'This password is too easy to guess. A few unrelated words are better than a name or a pattern.',
};

/** `input.condition.threshold.clearAfter: must …` → `Clear after: must …`. */
function inWords(message: string, path: unknown): string {
  if (typeof path !== 'string' || !message.startsWith(`${path}: `)) return message;
  const field = path.split('.').findLast((step) => !/^\d+$/.test(step)) ?? path;
  const words = field.replaceAll(/([A-Z])/g, ' $1').toLowerCase();
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}: ${message.slice(path.length + 2)}`;
}

/** Sentences of one place, where it knows more about what was typed than the code says. */
export type OwnSentences = Readonly<Partial<Record<ErrorCode, string>>>;

function sentence({ code, message, details }: Fault, own: OwnSentences = {}): string {
  const reason = REASONS[String(details?.['reason'])];
  if (code === 'BAD_USER_INPUT' && reason) return reason;
  const special = own[code as ErrorCode];
  if (special) return special;
  const general = SENTENCES[code as ErrorCode] ?? (ERROR_CODES[code as ErrorCode] as string | undefined);
  if (SPECIFIC.has(code) && message) return inWords(message, details?.['path']);
  if (general === undefined) return message || sentence({ code: 'INTERNAL_SERVER_ERROR', message });
  const retryAfterMs = details?.['retryAfterMs'];
  return typeof retryAfterMs === 'number' ? `${general} (${Math.ceil(retryAfterMs / 1000)} s)` : general;
}

/** One short text for whatever was thrown: each fault once. */
export function errorText(error: unknown, own: OwnSentences = {}): string {
  return [...new Set(faultsOf(error).map((fault) => sentence(fault, own)))].join(' ');
}

/** The sentence for a bare code, as bulk answers carry it. */
export function codeText(code: string): string {
  return sentence({ code, message: '' });
}
