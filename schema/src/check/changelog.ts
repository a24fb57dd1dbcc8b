import type { WeighedChange } from './weigh-changes.js';

/** What happened, in words, breaking changes first. */
export function changelogOf(changes: readonly Pick<WeighedChange, 'message' | 'verdict'>[]): string[] {
  const rank = ({ verdict }: Pick<WeighedChange, 'verdict'>) => ['breaks', 'approved', 'unused', 'risky', 'safe'].indexOf(verdict);
  return [...changes].sort((a, b) => rank(a) - rank(b)).map(({ message }) => `${message}.`);
}
