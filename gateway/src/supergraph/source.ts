import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';

export interface SupergraphListener {
  /** A text that differs from the last one. Throws when it is no supergraph; the source then goes on looking. */
  onSupergraph(sdl: string): void;
  /** The place was read, and has what is served. */
  onUnchanged?(): void;
  /** The place could not be read. The last good supergraph goes on serving. */
  onFailure(error: unknown): void;
}

/** Where the supergraph comes from. `start` resolves when the first one has been taken, and rejects when there is none. */
export interface SupergraphSource {
  start(listener: SupergraphListener): Promise<void>;
  stop(): void;
}

/** A supergraph that never changes. */
export function supergraphFromSdl(sdl: string): SupergraphSource {
  return {
    start: (listener) => {
      listener.onSupergraph(sdl);
      return Promise.resolve();
    },
    stop: () => undefined,
  };
}

const FILE_SETTLE_MS = 50;
const FILE_CHECK_MS = 2_000;

/** Watched; a file caught half-written is read again a moment later and not reported. */
export function supergraphFromFile(path: string): SupergraphSource {
  let watcher: FSWatcher | undefined;
  const poll = pollingSource(() => readFile(path, 'utf8'), FILE_CHECK_MS, FILE_SETTLE_MS);
  return {
    async start(listener) {
      await poll.start(listener);
      // The folder, because editors and deploys replace a file rather than write into it. Where watching does not
      // work (network mounts), the periodic look still finds the change.
      watcher = watch(dirname(path), (_event, name) => {
        if (name === null || name === basename(path)) poll.lookSoon();
      });
      watcher.on('error', () => undefined);
      watcher.unref();
    },
    stop() {
      watcher?.close();
      poll.stop();
    },
  };
}

export interface SupergraphUrlOptions {
  pollMs?: number;
  headers?: Record<string, string>;
}

/** Polled with If-None-Match; `pollMs` defaults to 5 s. */
export function supergraphFromUrl(url: string, { pollMs = 5_000, headers = {} }: SupergraphUrlOptions = {}): SupergraphSource {
  let etag: string | null = null;
  let last = '';
  const read = async () => {
    const response = await fetch(url, {
      headers: { ...headers, ...(etag && { 'if-none-match': etag }) },
      signal: AbortSignal.timeout(10_000),
    });
    if (response.status === 304) return last;
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    last = await response.text();
    etag = response.headers.get('etag');
    return last;
  };
  return pollingSource(read, pollMs, 0);
}

interface PollingSource extends SupergraphSource {
  lookSoon(): void;
}

function pollingSource(read: () => Promise<string>, everyMs: number, settleMs: number): PollingSource {
  const digest = (text: string) => createHash('sha256').update(text).digest('hex');
  let taken = '';
  let refused = '';
  let timer: NodeJS.Timeout | undefined;
  let soon: NodeJS.Timeout | undefined;
  let stopped = false;
  let looking: Promise<void> | undefined;

  async function look(listener: SupergraphListener): Promise<void> {
    try {
      const text = await read();
      const hash = digest(text);
      if (!stopped && hash === taken) listener.onUnchanged?.();
      if (stopped || hash === taken || hash === refused) return;
      try {
        listener.onSupergraph(text);
        taken = hash;
        refused = '';
      } catch (error) {
        // Half-written or wrong: only a text that stands still after a moment is worth a report.
        if (settleMs > 0) await new Promise((resolve) => setTimeout(resolve, settleMs * 4));
        if (settleMs > 0 && digest(await read()) !== hash) return soonAgain(listener);
        refused = hash;
        listener.onFailure(error);
      }
    } catch (error) {
      if (!stopped) listener.onFailure(error);
    }
  }
  const lookOnce = (listener: SupergraphListener) => (looking ??= look(listener).finally(() => (looking = undefined)));
  function soonAgain(listener: SupergraphListener) {
    clearTimeout(soon);
    soon = setTimeout(() => void lookOnce(listener), Math.max(settleMs, 1));
    soon.unref();
  }
  let active: SupergraphListener | undefined;
  return {
    async start(listener) {
      active = listener;
      const text = await read();
      listener.onSupergraph(text);
      taken = digest(text);
      timer = setInterval(() => void lookOnce(listener), everyMs);
      timer.unref();
    },
    stop() {
      stopped = true;
      clearInterval(timer);
      clearTimeout(soon);
    },
    lookSoon() {
      if (active && !stopped) soonAgain(active);
    },
  };
}
