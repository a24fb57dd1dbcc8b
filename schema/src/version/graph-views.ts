import { LRUCache } from 'lru-cache';
import { viewGraph, type GraphView } from '../check/check.js';
import type { GraphVersion } from './version.repository.js';

const KEPT_VIEWS = 4;

/** Building a planner takes longer than any question to it: the newest graphs are kept built. */
export class GraphViews {
  private readonly views = new LRUCache<string, GraphView>({ max: KEPT_VIEWS });

  of({ supergraphSdl, apiSdl }: Pick<GraphVersion, 'supergraphSdl' | 'apiSdl'>): GraphView {
    const known = this.views.get(supergraphSdl);
    if (known) return known;
    const view = viewGraph({ supergraphSdl, apiSdl });
    this.keep(view);
    return view;
  }

  keep(view: GraphView): void {
    this.views.set(view.composed.supergraphSdl, view);
  }
}
