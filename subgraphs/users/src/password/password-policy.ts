import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common';
import { DomainError } from '@pulsegraph/kit/errors';

export const MIN_PASSWORD_CHARACTERS = 12;
export const MAX_PASSWORD_CHARACTERS = 256;
/** 10^8 guesses with the lists of leaked passwords at hand; our own lockout allows some 100 a day. */
const MIN_GUESSES_LOG10 = 8;
/** Judging takes longer than linear time; nobody's hundredth character makes a password weak. */
const MAX_JUDGED_CHARACTERS = 100;

export type PasswordFault = 'TOO_SHORT' | 'TOO_LONG' | 'TOO_EASY_TO_GUESS';

const WORDS: Readonly<Record<PasswordFault, string>> = {
  TOO_SHORT: `must have at least ${MIN_PASSWORD_CHARACTERS} characters`,
  TOO_LONG: `must have at most ${MAX_PASSWORD_CHARACTERS} characters`,
  TOO_EASY_TO_GUESS: 'is too easy to guess: it is made of leaked passwords, names or patterns; a few unrelated words are better',
};

let judge: ZxcvbnFactory | undefined;

/**
 * Length, and how soon somebody with the lists of leaked passwords would have it; no rules about kinds of characters
 * (NIST SP 800-63B §3.1.1.2). `known` are words an attacker would try first: name, address, organization.
 */
export function passwordFault(password: string, known: readonly string[]): PasswordFault | null {
  const characters = [...password.normalize('NFKC')].length;
  if (characters < MIN_PASSWORD_CHARACTERS) return 'TOO_SHORT';
  if (characters > MAX_PASSWORD_CHARACTERS) return 'TOO_LONG';
  judge ??= new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs, maxLength: MAX_JUDGED_CHARACTERS });
  const words = ['pulsegraph', ...known].flatMap(attempts).filter((word) => word.length > 2);
  return judge.check(password, words).guessesLog10 < MIN_GUESSES_LOG10 ? 'TOO_EASY_TO_GUESS' : null;
}

/** "Ada Admin" → itself, its parts, and the parts run together. */
function attempts(text: string): string[] {
  const parts = text.split(/[^\p{L}\p{N}]+/u);
  return [text, ...parts, parts.join('')];
}

/** @throws BAD_USER_INPUT at `path`, with `reason`. */
export function requireGoodPassword(path: string, password: string, known: readonly string[]): void {
  const reason = passwordFault(password, known);
  if (reason) throw new DomainError('BAD_USER_INPUT', `${path}: ${WORDS[reason]}`, { path, reason });
}
