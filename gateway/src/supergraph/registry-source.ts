import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createArtifactVerifier, type SignedArtifact } from '@pulsegraph/kit/artifact';
import { supergraphVersion } from '../metrics.js';
import type { SupergraphListener, SupergraphSource } from './source.js';

export interface RegistrySourceOptions {
  /** `https://registry:4020/v1/supergraph/main` */
  url: string;
  token: string;
  /** Ed25519, SPKI DER in base64. */
  publicKey: string;
  /** Where the last good artifact is kept, so that a start needs no registry; without it a start does. */
  cacheFile?: string;
  /** The longest that one request waits for something new. */
  waitS?: number;
  /** Before the first new attempt after a failure; it doubles up to half a minute. */
  retryMs?: number;
}

export interface RegistrySource extends SupergraphSource {
  /** Version of the graph that is served; null before the first. */
  readonly servedVersion: number | null;
  readonly trustedDocuments: ReadonlyMap<string, string>;
  onTrustedDocuments(listener: (documents: ReadonlyMap<string, string>) => void): void;
}

const FIRST_ANSWER_MS = 5_000;
const LONGEST_RETRY_MS = 30_000;
const ANSWER_MARGIN_MS = 10_000;

/**
 * The registry's signed supergraph. A registry that is away, an artifact that is cut off, altered, of another variant or
 * older than what is served: each is reported, and the last good one goes on serving.
 */
export function supergraphFromRegistry(options: RegistrySourceOptions): RegistrySource {
  const { url, token, publicKey, cacheFile, waitS = 30, retryMs = 1_000 } = options;
  const variant = decodeURIComponent(new URL(url).pathname.split('/').at(-1) ?? '');
  const verify = createArtifactVerifier(publicKey, variant);
  const stopping = new AbortController();
  const documentListeners = new Set<(documents: ReadonlyMap<string, string>) => void>();
  let served: SignedArtifact | null = null;
  let documents: ReadonlyMap<string, string> = new Map();
  let etag: string | null = null;

  function take(artifact: SignedArtifact, listener: SupergraphListener): void {
    if (served && artifact.version < served.version)
      throw new Error(`The registry offers version ${artifact.version} of the graph, older than ${served.version}, which is served.`);
    if (artifact.supergraphSdl !== served?.supergraphSdl) listener.onSupergraph(artifact.supergraphSdl);
    else listener.onUnchanged?.();
    served = artifact;
    documents = new Map(Object.entries(artifact.trustedDocuments));
    supergraphVersion.set(artifact.version);
    for (const heard of documentListeners) heard(documents);
  }

  /** @returns null when nothing is new. */
  async function fetchArtifact(waitFor: number): Promise<{ json: string; etag: string | null } | null> {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${token}`, ...(etag && { 'if-none-match': etag, prefer: `wait=${waitFor}` }) },
      signal: AbortSignal.any([stopping.signal, AbortSignal.timeout(waitFor * 1_000 + (waitFor > 0 ? ANSWER_MARGIN_MS : FIRST_ANSWER_MS))]),
    });
    if (response.status === 304) return null;
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    return { json: await response.text(), etag: response.headers.get('etag') };
  }

  async function look(waitFor: number, listener: SupergraphListener): Promise<void> {
    const askedAt = performance.now();
    const answer = await fetchArtifact(waitFor);
    if (!answer) {
      listener.onUnchanged?.();
      // A registry that is about to end does not let anybody wait.
      if (waitFor > 0 && performance.now() - askedAt < retryMs) await rest(retryMs, stopping.signal);
      return;
    }
    const artifact = verify(answer.json);
    take(artifact, listener);
    etag = answer.etag;
    if (cacheFile) await keep(cacheFile, answer.json);
  }

  async function follow(listener: SupergraphListener): Promise<void> {
    let pause = retryMs;
    while (!stopping.signal.aborted) {
      try {
        await look(waitS, listener);
        pause = retryMs;
      } catch (error) {
        if (stopping.signal.aborted) return;
        listener.onFailure(error);
        // Spread, so that a registry that comes back does not meet all gateways at once.
        await rest(pause * (0.5 + Math.random()), stopping.signal);
        pause = Math.min(pause * 2, LONGEST_RETRY_MS);
      }
    }
  }

  return {
    get servedVersion() {
      return served?.version ?? null;
    },
    get trustedDocuments() {
      return documents;
    },
    onTrustedDocuments: (listener) => void documentListeners.add(listener),
    async start(listener) {
      const kept = cacheFile ? await readKept(cacheFile, verify) : null;
      if (kept) take(kept, listener);
      try {
        await look(0, listener);
      } catch (error) {
        if (!kept) throw new Error(`The registry gave no supergraph, and none is kept here: ${(error as Error).message}`, { cause: error });
        listener.onFailure(error);
      }
      void follow(listener);
    },
    stop: () => stopping.abort(),
  };
}

/** Beside its place first: a power cut must not leave half an artifact. A disk that is full is no reason not to serve. */
async function keep(path: string, json: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, json, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** What was kept is believed no more than what comes by wire. */
async function readKept(path: string, verify: (json: string) => SignedArtifact): Promise<SignedArtifact | null> {
  try {
    return verify(await readFile(path, 'utf8'));
  } catch {
    return null;
  }
}

function rest(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stop.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    stop.addEventListener('abort', done);
  });
}
