import { inject, Injectable } from '@angular/core';
import { AssetBranchesDocument, ProfileChoicesDocument, type ProfileChoicesQuery, type AssetPartsFragment } from './assets.generated';
import { Graph } from './graph';

export interface AssetChoice extends AssetPartsFragment {
  /** With its place in the tree, for a flat list. */
  label: string;
}
export type ProfileChoice = ProfileChoicesQuery['deviceProfiles']['nodes'][number];

/** Below these, nothing is looked for: they hold devices, not places. */
const LEAVES: ReadonlySet<string> = new Set(['BED', 'MACHINE']);
const DEEPEST = 8;

/** What forms and filters offer to choose from. Hardly changes, so it comes from the cache after the first time. */
@Injectable({ providedIn: 'root' })
export class Choices {
  private readonly graph = inject(Graph);

  /** The whole tree as a flat list, two levels to a request: all of it in one would cost the product of its widths. */
  assets(): Promise<AssetChoice[]> {
    return this.below(null, 0);
  }

  async profiles(): Promise<readonly ProfileChoice[]> {
    return (await this.graph.cached(ProfileChoicesDocument, {})).deviceProfiles.nodes;
  }

  private async below(parentId: string | null, depth: number): Promise<AssetChoice[]> {
    if (depth > DEEPEST) return [];
    const { nodes } = (await this.graph.cached(AssetBranchesDocument, { parentId })).assets;
    const branches = await Promise.all(
      nodes.map(async ({ children, ...asset }) => {
        const inner = await Promise.all(
          children.nodes.map(async (child) => [
            choice(child, depth + 1),
            ...(LEAVES.has(child.kind) ? [] : await this.below(child.id, depth + 2)),
          ]),
        );
        return [choice(asset, depth), ...inner.flat()];
      }),
    );
    return branches.flat();
  }
}

function choice(asset: AssetPartsFragment, depth: number): AssetChoice {
  return { ...asset, label: '\u2003'.repeat(depth) + asset.name };
}
