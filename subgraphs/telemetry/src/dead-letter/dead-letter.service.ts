import { isUuid, type Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import { parsePage, toConnection } from '@pulsegraph/kit/pagination';
import type { DeadLetterCriteria, DeadLetterRepository } from './dead-letter.repository.js';

const MAX_IDS = 1_000;

export class DeadLetterService {
  constructor(private readonly repository: DeadLetterRepository) {}

  async list({ organizationId }: Viewer, criteria: DeadLetterCriteria, first: number, after: string | null | undefined, requestId: string) {
    const page = parsePage(first, after);
    if (page.after && !(page.after.length === 2 && /^\d+$/.test(String(page.after[0])) && isUuid(String(page.after[1])))) {
      throw errors.badUserInput('after', 'is no cursor of this list');
    }
    const { rows, totalCount } = await this.repository.page(organizationId, criteria, page, requestId);
    const { nodes, pageInfo } = toConnection(rows, page, ({ letter, receivedUs }) => [receivedUs, letter.id]);
    return { nodes: nodes.map(({ letter }) => letter), pageInfo, totalCount };
  }

  /** Ids of others, and of none, count as already gone. @returns How many were there. */
  discard({ organizationId }: Viewer, ids: readonly string[], requestId: string): Promise<number> {
    return this.repository.discard(organizationId, checkIds(ids), requestId);
  }
}

export function checkIds(ids: readonly string[]): readonly string[] {
  if (ids.length > MAX_IDS) throw errors.badUserInput('ids', `must be at most ${MAX_IDS}`);
  const bad = ids.findIndex((id) => !isUuid(id));
  if (bad >= 0) throw errors.badUserInput(`ids[${bad}]`, 'is no id');
  return ids;
}
