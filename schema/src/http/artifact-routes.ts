import { isInternal } from '@pulsegraph/kit/http';
import { Router, type Request } from 'express';
import type { Artifacts } from '../artifact/artifacts.js';
import type { GraphWatch } from '../artifact/graph-watch.js';
import type { KeyHolder } from '../key/publish-key.js';

/** Less than what proxies end idle requests after. */
const MAX_WAIT_S = 50;

export interface ArtifactRoutesOptions {
  artifacts: Artifacts;
  watch: GraphWatch;
  internalToken: string;
  holderOf: (request: Request) => Promise<KeyHolder>;
}

/** `GET /v1/supergraph/main`; with If-None-Match and `Prefer: wait=30` the answer comes when there is something new. */
export function artifactRoutes({ artifacts, watch, internalToken, holderOf }: ArtifactRoutesOptions): Router {
  const router = Router();
  router.get('/supergraph/:variant', async (request, response) => {
    if (!isInternal(request.headers.authorization, internalToken)) await holderOf(request);
    const known = request.headers['if-none-match'];
    const wait = Number(/(?:^|[,;\s])wait=(\d{1,4})/.exec(String(request.headers.prefer ?? ''))?.[1] ?? 0);
    const until = Date.now() + Math.min(wait, MAX_WAIT_S) * 1_000;
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    for (;;) {
      const leftMs = until - Date.now();
      // Registered before the look: what comes between the two is not missed.
      const change = leftMs > 0 ? watch.next(leftMs, gone.signal) : null;
      const { etag, json } = await artifacts.newest(request.params.variant);
      response.set({ etag, 'cache-control': 'private, no-cache', ...(watch.stopped && { connection: 'close' }) });
      if (etag !== known) return void response.type('json').send(json);
      if (!change || gone.signal.aborted || watch.stopped) return void response.status(304).end();
      await change;
    }
  });
  return router;
}
