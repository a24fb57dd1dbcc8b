import { inject, Injectable } from '@angular/core';
import { AssetTreeDocument, ProfileChoicesDocument, type ProfileChoicesQuery, type AssetPartsFragment } from './assets.generated';
import { Graph } from './graph';

export interface AssetChoice extends AssetPartsFragment {
  /** With its place in the tree, for a flat list. */
  label: string;
}
export type ProfileChoice = ProfileChoicesQuery['deviceProfiles']['nodes'][number];

interface Branch extends AssetPartsFragment {
  children?: { nodes: readonly Branch[] };
}

/** What forms and filters offer to choose from. Hardly changes, so it comes from the cache after the first time. */
@Injectable({ providedIn: 'root' })
export class Choices {
  private readonly graph = inject(Graph);

  async assets(): Promise<AssetChoice[]> {
    const { assets } = await this.graph.cached(AssetTreeDocument, {});
    return flatten(assets.nodes, 0);
  }

  async profiles(): Promise<readonly ProfileChoice[]> {
    return (await this.graph.cached(ProfileChoicesDocument, {})).deviceProfiles.nodes;
  }
}

function flatten(branches: readonly Branch[], depth: number): AssetChoice[] {
  return branches.flatMap(({ children, ...asset }) => [
    { ...asset, label: '\u2003'.repeat(depth) + asset.name },
    ...flatten(children?.nodes ?? [], depth + 1),
  ]);
}
