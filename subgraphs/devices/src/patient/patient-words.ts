/** Shorter beginnings would tell too much: how many names begin with A. */
const SHORTEST = 2;
const LONGEST = 24;

/** `Éva  O’Hara` → `eva`, `o’hara`, `o`, `hara`: as people type them, and their parts. */
function wordsOf(text: string): string[] {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const whole = plain.split(/\s+/u).filter(Boolean);
  return [...new Set(whole.flatMap((word) => [word, ...word.split(/[^\p{L}\p{N}]+/u)]))].filter((word) => [...word].length >= SHORTEST);
}

/** Everything that finds somebody: the beginnings of each word of name and record number. */
export function indexedWords(texts: readonly (string | null)[]): string[] {
  const beginnings = texts
    .flatMap((text) => wordsOf(text ?? ''))
    .flatMap((word) => {
      const characters = [...word].slice(0, LONGEST);
      return characters.slice(SHORTEST - 1).map((_, place) => characters.slice(0, SHORTEST + place).join(''));
    });
  return [...new Set(beginnings)];
}

/** What a search asks for: somebody must have a word with each of these beginnings. A single letter asks for nothing. */
export function searchedWords(search: string): string[] {
  const plain = search.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return plain
    .split(/\s+/u)
    .filter((word) => [...word].length >= SHORTEST)
    .map((word) => [...word].slice(0, LONGEST).join(''));
}
