import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { DomainError } from '@pulsegraph/kit/errors';
import type { Log } from '@pulsegraph/kit/log';
import { ADDRESSES } from '../generate/addresses.js';
import { RIGHTS, type KeyHolder } from '../key/publish-key.js';
import { newestGraph, subgraphHistory } from '../version/version.repository.js';
import { DEFAULT_CHECK, type Registry } from './registry.js';

const RELEASE: KeyHolder = { name: 'release', team: 'release', rights: RIGHTS, subgraphs: ['*'] };
const FOLDER = resolve(__dirname, '..', '..', 'subgraphs');

/**
 * Publishes the files that this release brings, each once: what was published before, and perhaps replaced or rolled back
 * since, is not brought back by a restart. What would break somebody is not published, and the log says whom.
 */
export async function publishRelease(registry: Registry, version: string, log: Log, folder = FOLDER): Promise<void> {
  for (const [subgraph, url] of Object.entries(ADDRESSES)) {
    const sdl = await readFile(resolve(folder, `${subgraph}.graphql`), 'utf8');
    const known = await subgraphHistory(registry.store, subgraph);
    if (known.some((each) => each.sdl === sdl)) continue;
    const base = (await newestGraph(registry.store))?.subgraphs[subgraph] ?? 0;
    const proposal = { subgraph, sdl, url, author: 'release', commit: version, base, message: `Release ${version}` };
    try {
      await registry.publish(RELEASE, proposal, DEFAULT_CHECK);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      log.error(
        { subgraph, code: error.code, reason: error.message },
        'The schema of this release was not published; the graph stays as it is',
      );
    }
  }
}
