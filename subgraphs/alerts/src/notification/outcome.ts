import type { MessageText, Notice } from './template.js';

/** What is sent to one recipient at once. */
export interface Outgoing {
  /** The same in every attempt. */
  id: string;
  recipient: string;
  /** One, or those of a digest, oldest first. */
  notices: readonly Notice[];
  text: MessageText;
  /** Where people look at the alert, or at all of them. */
  link: string;
  /** An earlier attempt was given no answer. */
  mayBeRepeat: boolean;
  sentAtMs: number;
}

export type Outcome =
  /** Taken by the next server. */
  | { outcome: 'DELIVERED'; detail: string }
  /** Refused for good: trying again would be refused too. */
  | { outcome: 'REFUSED'; detail: string; because?: 'OPTED_OUT' | 'GONE' }
  /** Not delivered this time. */
  | { outcome: 'FAILED'; detail: string; retryAfterMs?: number }
  /** Nobody knows: it may have arrived. */
  | { outcome: 'NO_ANSWER'; detail: string };

/** Hands a message to the next server. Never rejects: what goes wrong is an outcome. */
export type Transport = (message: Outgoing) => Promise<Outcome>;
