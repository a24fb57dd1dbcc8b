import { parsePage, type Keyset, type Page } from '@pulsegraph/kit/pagination';
import { isUuid } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';

export interface PageArguments {
  first: number | null;
  after: string | null | undefined;
}

/** @param fallback The page size that the schema promises, for those who say null. */
export function pageOf({ first, after }: PageArguments, fallback: number): Page {
  return parsePage(first ?? fallback, after);
}

/** Where a list sorted by one value and the id goes on. @throws BAD_USER_INPUT for a cursor of another list. */
export function placeOf<S extends 'string' | 'number'>(
  page: Page,
  sortType: S,
): { sort: S extends 'string' ? string : number; id: string } | undefined {
  if (!page.after) return undefined;
  const [sort, id, ...rest] = page.after;
  if (!isSortValue(sort, sortType) || typeof id !== 'string' || !isUuid(id) || rest.length > 0) throw foreignCursor();
  return { sort: sort as S extends 'string' ? string : number, id };
}

/** Cursors of lists are not signed, so what stands in them is as good as any input. */
export function isSortValue(value: unknown, type: 'string' | 'number'): boolean {
  return type === 'number' ? Number.isSafeInteger(value) : typeof value === 'string' && !value.includes('\0');
}

export const foreignCursor = () => errors.badUserInput('after', 'is no cursor of this list');
export type { Keyset };
