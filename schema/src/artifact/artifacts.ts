import { createHash } from 'node:crypto';
import type { createArtifactSigner } from '@pulsegraph/kit/artifact';
import { DomainError } from '@pulsegraph/kit/errors';
import { contractAt } from '../contract/contract.repository.js';
import { MAIN } from '../registry/registry.js';
import type { Sql } from '../store/store.js';
import { newestGraph } from '../version/version.repository.js';

export interface ServedArtifact {
  version: number;
  etag: string;
  json: string;
}

/** The newest graph, signed, one for each variant. */
export class Artifacts {
  private readonly made = new Map<string, ServedArtifact>();

  constructor(
    private readonly sql: Sql,
    private readonly sign: ReturnType<typeof createArtifactSigner>,
  ) {}

  /** @throws NOT_FOUND for an unknown variant, or while nothing is published. */
  async newest(variant: string): Promise<ServedArtifact> {
    const [row] = await this.sql.rows<{ version: number }>('select version from graph_version order by version desc limit 1');
    const known = this.made.get(variant);
    if (row && known?.version === row.version) return known;
    const graph = await newestGraph(this.sql);
    if (!graph) throw new DomainError('NOT_FOUND', 'Nothing is published yet: publish a subgraph first.');
    const composed = variant === MAIN ? graph : await contractAt(this.sql, graph.version, variant);
    if (!composed) throw new DomainError('NOT_FOUND', `There is no variant "${variant}" of the graph.`);
    // Trusted documents are of the whole graph: what a contract hides, its callers cannot be given by a document.
    const trusted = variant === MAIN ? graph.trustedDocuments : {};
    const artifact = this.sign({ variant, version: graph.version, supergraphSdl: composed.supergraphSdl, trustedDocuments: trusted });
    const json = JSON.stringify(artifact);
    const made = { version: graph.version, etag: `"${createHash('sha256').update(json).digest('hex').slice(0, 32)}"`, json };
    this.made.set(variant, made);
    return made;
  }
}
