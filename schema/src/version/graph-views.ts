import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { viewGraph, type GraphView } from '../check/check.js';
import { compose, type Composed } from '../composition/compose.js';
import type { SubgraphSdl } from '../generate/subgraphs.js';

const KEPT_VIEWS = 4;

/** Building a planner takes longer than any question to it: the newest graphs are kept built. */
export class GraphViews {
  private readonly byParts = new LRUCache<string, GraphView>({ max: KEPT_VIEWS });
  private readonly views = new LRUCache<string, GraphView>({ max: KEPT_VIEWS });

  of(composed: Composed): GraphView {
    const known = this.views.get(composed.supergraphSdl);
    if (known) return known;
    const view = viewGraph(composed);
    this.keep(view);
    return view;
  }

  /** @throws CompositionFailed */
  composed(subgraphs: readonly SubgraphSdl[], mine: string): GraphView {
    const parts = subgraphs.map(({ name, url, sdl }) => [name, url, sdl]).sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
    const key = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
    const known = this.byParts.get(key);
    if (known) return known;
    const view = this.of(compose(subgraphs, mine));
    this.byParts.set(key, view);
    return view;
  }

  keep(view: GraphView): void {
    this.views.set(view.composed.supergraphSdl, view);
  }
}
