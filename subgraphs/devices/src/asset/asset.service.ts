import { randomUUID } from 'node:crypto';
import { isUuid, type Viewer } from '@pulsegraph/contracts';
import { errors, parseInput } from '@pulsegraph/kit/errors';
import { z } from 'zod';
import { AssignmentRepository } from '../assignment/assignment.repository.js';
import type { ChangeScope, ChangeWriter } from '../change/change-scope.js';
import { nameText } from '../profile/profile.rules.js';
import { registryEntry } from '../registry/registry-entries.js';
import { ASSET_KINDS, type Asset } from './asset.entity.js';
import { AssetRepository } from './asset.repository.js';

const assetRules = z.object({
  name: nameText,
  kind: z.enum(ASSET_KINDS),
  parentId: z
    .string()
    .nullish()
    .transform((id) => id ?? null),
});

const noSuchAsset = () => errors.notFound('asset');

/** The tree of places and machines. */
export class AssetService {
  constructor(private readonly changes: ChangeWriter) {}

  create(viewer: Viewer, input: unknown): Promise<Asset> {
    const facts = parseInput(assetRules, input);
    return this.changes.run(viewer, async (scope) => {
      const assets = new AssetRepository(scope.manager);
      if (facts.parentId !== null) await requireAsset(assets, facts.parentId);
      const asset: Asset = { id: randomUUID(), organizationId: viewer.organizationId, ...facts, createdAt: scope.at, deletedAt: null };
      await assets.insert(asset);
      scope.feed(registryEntry.asset(asset));
      return asset;
    });
  }

  update(viewer: Viewer, id: string, input: unknown): Promise<Asset> {
    const facts = parseInput(assetRules, input);
    return this.changes.run(viewer, async (scope) => {
      const assets = new AssetRepository(scope.manager);
      await assets.lockTree(viewer.organizationId);
      const asset = isUuid(id) ? await assets.lock(id) : null;
      if (!asset) throw noSuchAsset();
      if (facts.parentId !== asset.parentId) await this.move(scope, asset, facts.parentId);
      await assets.update(id, { name: facts.name, kind: facts.kind });
      const updated = { ...asset, ...facts };
      scope.feed(registryEntry.asset(updated));
      return updated;
    });
  }

  delete(viewer: Viewer, id: string): Promise<string> {
    return this.changes.run(viewer, async (scope) => {
      const assets = new AssetRepository(scope.manager);
      // Whoever is about to use the asset holds a share of its row, so what is counted now stays true.
      const asset = isUuid(id) ? await assets.lock(id) : null;
      if (!asset) throw noSuchAsset();
      const uses = await assets.usesOf(id);
      if (uses.children + uses.devices + uses.patients > 0) {
        throw errors.conflict('Children, devices or patients remain at this asset.', uses);
      }
      await assets.update(id, { deletedAt: scope.at });
      scope.feedGone('asset', [id]);
      return id;
    });
  }

  /** Devices below move with it: subscribers who filter by an asset hear of each that leaves or enters. */
  private async move(scope: ChangeScope, asset: Asset, parentId: string | null): Promise<void> {
    const assets = new AssetRepository(scope.manager);
    if (parentId !== null) {
      await requireAsset(assets, parentId);
      if (await assets.isWithin(parentId, asset.id)) throw errors.badUserInput('input.parentId', 'an asset cannot stand below itself');
    }
    const deviceIds = await new AssignmentRepository(scope.manager).deviceIdsBelow(asset.id);
    await scope.changingDevices(deviceIds, 'UPDATED', () => assets.update(asset.id, { parentId }));
  }
}

/** @throws NOT_FOUND; otherwise the asset cannot be deleted before this transaction ends. */
export async function requireAsset(assets: AssetRepository, id: string): Promise<void> {
  if (!isUuid(id) || !(await assets.share(id))) throw noSuchAsset();
}
