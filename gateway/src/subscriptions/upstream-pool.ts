import type { Log } from '@pulsegraph/kit/log';
import { stableJson } from '../operation/stable-json.js';
import type { FetchContext, SubgraphClient } from '../subgraph-client/subgraph-client.js';
import { upstreamVariables, type LivePlan } from './live-plan.js';
import type { LiveSettings } from './live-settings.js';
import { Upstream } from './upstream.js';

export interface StreamWanted {
  plan: LivePlan;
  variables: Record<string, unknown>;
  /** Everything about the viewer that can change the stream. */
  viewerKey: string;
  after: string | null;
  client: SubgraphClient;
  context: () => FetchContext;
}

/** Opens each distinct stream once. A replay is shared only by those who were there before its first event. */
export class UpstreamPool {
  private readonly open = new Map<string, Upstream>();
  private readonly all = new Set<Upstream>();

  constructor(
    private readonly settings: LiveSettings,
    private readonly log: Log,
  ) {}

  get size(): number {
    return this.all.size;
  }

  get(wanted: StreamWanted): Upstream {
    const id = this.idOf(wanted, wanted.after);
    const known = this.open.get(id);
    if (known && (wanted.after === null || !known.begun)) return known;
    return this.create(wanted, [id]);
  }

  /**
   * Goes on from a cursor in the place of a live stream: who asks for that stream later shares this one. It may get some
   * events from just before it asked.
   */
  continue(wanted: StreamWanted & { after: string }): Upstream {
    const id = this.idOf(wanted, wanted.after);
    const known = this.open.get(id);
    return known && !known.begun ? known : this.create(wanted, [id, this.idOf(wanted, null)]);
  }

  private create({ plan, variables, after, client, context }: StreamWanted, ids: readonly string[]): Upstream {
    const upstream: Upstream = new Upstream({
      plan,
      variables: upstreamVariables(plan, variables, null),
      after,
      client,
      context,
      settings: this.settings,
      log: this.log,
      onClosed: () => {
        this.all.delete(upstream);
        for (const id of ids) if (this.open.get(id) === upstream) this.open.delete(id);
      },
    });
    this.all.add(upstream);
    for (const id of ids) this.open.set(id, upstream);
    return upstream;
  }

  private idOf({ plan, variables, viewerKey }: StreamWanted, after: string | null): string {
    return JSON.stringify([plan.service, plan.query, stableJson(upstreamVariables(plan, variables, null)), viewerKey, after]);
  }
}
