import { isUuid, type Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import { toConnection, type Page } from '@pulsegraph/kit/pagination';
import { inOrganization } from '@pulsegraph/kit/postgres';
import type { DataSource } from 'typeorm';
import { pageOf, placeOf, type PageArguments } from '../connection/keyset.js';
import type { Asset } from './asset.entity.js';
import { AssetRepository } from './asset.repository.js';

/** Lists of assets, by name. */
export class AssetReader {
  constructor(private readonly dataSource: DataSource) {}

  /** Roots, or the children of one asset. @throws NOT_FOUND when that one is not there. */
  async page({ organizationId }: Viewer, parentId: string | null, args: PageArguments, requestId: string) {
    const { page, after } = assetPage(args);
    const read = <T>(work: (assets: AssetRepository) => Promise<T>) =>
      inOrganization(this.dataSource, organizationId, (manager) => work(new AssetRepository(manager)), requestId);
    const rows = await read(async (assets) => {
      if (parentId !== null && !(isUuid(parentId) && (await assets.findById(parentId)))) throw errors.notFound('asset');
      return (await assets.pageOfParents([parentId], after, page.first + 1)).get(parentId) ?? [];
    });
    const count = () => read(async (assets) => (await assets.countOfParents([parentId])).get(parentId) ?? 0);
    return { ...assetConnection(rows, page), count };
  }
}

export function assetPage(args: PageArguments) {
  const page = pageOf(args, 100);
  const place = placeOf(page, 'string');
  return { page, after: place && { name: place.sort, id: place.id } };
}

export const assetConnection = (rows: readonly Asset[], page: Page) => toConnection(rows, page, ({ name, id }) => [name, id]);
