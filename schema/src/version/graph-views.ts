import { LRUCache } from 'lru-cache';
import { viewGraph, type GraphView } from '../check/check.js';
import type { Composed } from '../composition/compose.js';

const KEPT_VIEWS = 4;

/** Building a planner takes longer than any question to it: the newest graphs are kept built. */
export class GraphViews {
  private readonly views = new LRUCache<string, GraphView>({ max: KEPT_VIEWS });

  of(composed: Composed): GraphView {
    const known = this.views.get(composed.supergraphSdl);
    if (known) return known;
    const view = viewGraph(composed);
    this.keep(view);
    return view;
  }

  keep(view: GraphView): void {
    this.views.set(view.composed.supergraphSdl, view);
  }
}
