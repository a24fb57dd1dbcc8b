import type { Viewer } from '@pulsegraph/contracts';
import { toConnection } from '@pulsegraph/kit/pagination';
import { inOrganization } from '@pulsegraph/kit/postgres';
import type { DataSource } from 'typeorm';
import { foreignCursor, isSortValue, pageOf, type PageArguments } from '../connection/keyset.js';
import { ProfileRepository } from './profile.repository.js';

/** Lists of profiles, by key. */
export class ProfileReader {
  constructor(private readonly dataSource: DataSource) {}

  async page({ organizationId }: Viewer, args: PageArguments, requestId: string) {
    const page = pageOf(args, 100);
    const afterKey = page.after ? String(page.after[0]) : null;
    if (afterKey !== null && (!isSortValue(afterKey, 'string') || page.after!.length !== 1)) throw foreignCursor();
    const read = <T>(work: (profiles: ProfileRepository) => Promise<T>) =>
      inOrganization(this.dataSource, organizationId, (manager) => work(new ProfileRepository(manager)), requestId);
    const rows = await read((profiles) => profiles.page(afterKey, page.first + 1));
    return { ...toConnection(rows, page, ({ key }) => [key]), count: () => read((profiles) => profiles.count()) };
  }
}
