import { DomainError, errors } from '@pulsegraph/kit/errors';
import type { Log } from '@pulsegraph/kit/log';
import { addApproval, findChange, standingApprovals, useApprovals } from '../approval/approval.repository.js';
import { changelogOf } from '../check/changelog.js';
import { addCheckRun } from '../check/check-run.repository.js';
import { check, type CheckReport, type GraphView } from '../check/check.js';
import type { Approval } from '../check/weigh-changes.js';
import { CompositionFailed, type Composed } from '../composition/compose.js';
import { applyContract } from '../composition/contract.js';
import { addContractVersion, putContract, readContracts, removeContract, type Contract } from '../contract/contract.repository.js';
import { addRelease, retireRelease, trustedDocuments, type ClientDocument } from '../document/document.repository.js';
import { readDocuments } from '../document/read-documents.js';
import type { KeyHolder } from '../key/publish-key.js';
import { requireRight } from '../key/publish-key.js';
import { readOwners } from '../owner/owner.repository.js';
import type { Sql, Store } from '../store/store.js';
import { GraphViews } from '../version/graph-views.js';
import {
  addGraph,
  addSubgraph,
  announceGraph,
  graphAt,
  newestGraph,
  subgraphAt,
  subgraphsOf,
  type GraphVersion,
} from '../version/version.repository.js';
import { enqueueWebhooks } from '../webhook/webhook.repository.js';
import { knownOperations } from './known-operations.js';

export interface Proposal {
  subgraph: string;
  sdl: string;
  /** Where it is served; null: as before. */
  url: string | null;
  author: string;
  commit: string;
}

export interface CheckSettings {
  windowDays: number;
  busiest: number;
  maxExtraHops: number | null;
}
export const DEFAULT_CHECK: CheckSettings = { windowDays: 30, busiest: 50, maxExtraHops: null };

export interface PublishResult {
  subgraph: string;
  version: number;
  graphVersion: number;
  /** True where what was sent is what is published. */
  unchanged: boolean;
  changelog: string[];
  report: CheckReport | null;
}

/** The rules of the registry: who may change the graph, on what basis, and with what consequence. */
export class Registry {
  private readonly views = new GraphViews();

  constructor(
    readonly store: Store,
    private readonly log: Log,
  ) {}

  /** @throws NOT_FOUND for a subgraph that nobody has published and that has no URL. */
  async check(holder: KeyHolder, proposal: Proposal, settings: CheckSettings): Promise<CheckReport & { id: string }> {
    const { report } = await this.examine(this.store, await newestGraph(this.store), proposal, settings);
    const id = await this.store.transaction(async (sql) => {
      const run = await addCheckRun(sql, report, proposal.author, proposal.commit);
      await enqueueWebhooks(sql, 'schema.checked', {
        subgraph: proposal.subgraph,
        verdict: report.verdict,
        reasons: report.reasons,
        check: run,
        key: holder.name,
      });
      return run;
    });
    return { ...report, id };
  }

  /**
   * @param base The version of the subgraph that the publisher built upon; 0: there was none.
   * @throws STALE_BASE, COMPOSITION_FAILED, BREAKING_CHANGE, FORBIDDEN, NOT_FOUND
   */
  async publish(
    holder: KeyHolder,
    proposal: Proposal & { base: number; message: string },
    settings: CheckSettings,
  ): Promise<PublishResult> {
    const { subgraph, sdl, author, commit, base, message } = proposal;
    requireRight(holder, 'publish', subgraph);
    return this.store.changingGraph(async (sql) => {
      const newest = await newestGraph(sql);
      const current = newest?.subgraphs[subgraph] ?? 0;
      const published = current === 0 ? null : await subgraphAt(sql, subgraph, current);
      const url = urlOf(proposal, published?.url ?? null, newest);
      if (published && published.sdl === sdl && published.url === url)
        return { subgraph, version: current, graphVersion: newest!.version, unchanged: true, changelog: [], report: null };
      if (base !== current) {
        throw new DomainError(
          'STALE_BASE',
          `"${subgraph}" is at version ${current}${published ? `, published by ${published.author}` : ''}; this was built on ${base}. Check against ${current} and publish again.`,
          { current, base, by: published?.author ?? null },
        );
      }
      const { report, after } = await this.examine(sql, newest, proposal, settings);
      if (!after) throw new CompositionFailed(report.faults);
      if (report.verdict === 'failed') throw new DomainError('BREAKING_CHANGE', report.reasons.join(' '), { report });
      const version = await addSubgraph(sql, { name: subgraph, sdl, url, author, commit, message });
      const changelog = newest ? changelogOf(report.changes) : [`Subgraph "${subgraph}" was published for the first time.`];
      if (newest && current === 0) changelog.unshift(`Subgraph "${subgraph}" was added.`);
      const graphVersion = await this.addGraphVersion(
        sql,
        { kind: 'publish', reason: message, author, commit, subgraphs: { ...newest?.subgraphs, [subgraph]: version }, changelog },
        after.composed,
      );
      await useApprovals(
        sql,
        report.changes.flatMap(({ id, verdict }) => (verdict === 'approved' ? [id] : [])),
      );
      await enqueueWebhooks(sql, 'schema.published', { subgraph, version, graphVersion, author, commit, message, changelog });
      this.views.keep(after);
      this.log.info({ subgraph, version, graphVersion, key: holder.name }, 'Subgraph published');
      return { subgraph, version, graphVersion, unchanged: false, changelog, report };
    });
  }

  /** The graph as it was at an earlier version, as a new version. */
  async rollback(
    holder: KeyHolder,
    request: { to: number | null; reason: string; author: string },
  ): Promise<{ graphVersion: number; to: number }> {
    requireRight(holder, 'rollback');
    const { reason, author } = request;
    return this.store.changingGraph(async (sql) => {
      const newest = await newestGraph(sql);
      const to = request.to ?? (newest?.version ?? 0) - 1;
      const target = await graphAt(sql, to);
      if (!newest || !target) throw new DomainError('NOT_FOUND', `There is no version ${to} of the graph to go back to.`);
      if (target.version === newest.version) throw errors.badUserInput('to', `version ${to} is what is served already`);
      const { subgraphs, supergraphSdl, apiSdl, commit } = target;
      const changelog = [`Went back to version ${to}: ${reason}`];
      const graphVersion = await this.addGraphVersion(
        sql,
        { kind: 'rollback', reason, author, commit, subgraphs, changelog },
        { supergraphSdl, apiSdl },
      );
      await enqueueWebhooks(sql, 'schema.rolled_back', { to, graphVersion, author, reason });
      this.log.warn({ to, graphVersion, key: holder.name }, 'Graph rolled back');
      return { graphVersion, to };
    });
  }

  /** @throws FORBIDDEN for whoever does not own what changes; NOT_FOUND for a change that no check has told of. */
  async approve(holder: KeyHolder, request: { changeId: string; reason: string; days: number; author: string }): Promise<Approval> {
    const change = await findChange(this.store, request.changeId);
    if (!change) throw new DomainError('NOT_FOUND', `No check of the last 30 days has told of a change "${request.changeId}".`);
    const owner = change.owner;
    if (owner !== null && owner !== holder.team && !holder.rights.includes('admin'))
      throw new DomainError('FORBIDDEN', `${change.path} is owned by ${owner}: somebody of that team must approve this.`, { owner });
    if (owner === null) requireRight(holder, 'approve');
    const by = `${request.author} (${holder.team})`;
    return addApproval(this.store, { ...change, changeId: request.changeId, by, reason: request.reason, days: request.days });
  }

  async setContract(holder: KeyHolder, contract: Contract): Promise<{ graphVersion: number }> {
    requireRight(holder, 'admin');
    if (contract.name === MAIN) throw errors.badUserInput('name', `"${MAIN}" is the whole graph`);
    return this.changeContracts(holder, (sql) => putContract(sql, contract), `Contract "${contract.name}" was set.`);
  }

  async dropContract(holder: KeyHolder, name: string): Promise<{ graphVersion: number }> {
    requireRight(holder, 'admin');
    return this.changeContracts(holder, (sql) => removeContract(sql, name), `Contract "${name}" was removed.`);
  }

  /** A client's release with all it will ever ask. @throws BAD_USER_INPUT for a document that does not fit the graph. */
  async publishDocuments(
    holder: KeyHolder,
    release: { client: string; clientVersion: string; documents: readonly string[] },
  ): Promise<{ graphVersion: number; documents: ClientDocument[] }> {
    requireRight(holder, 'documents');
    return this.store.changingGraph(async (sql) => {
      const newest = await this.requireGraph(sql);
      const documents = readDocuments(release.documents, this.views.of(newest).graph);
      await addRelease(sql, { ...release, publishedBy: holder.name }, documents);
      const graphVersion = await this.again(
        sql,
        newest,
        'documents',
        holder,
        `${release.client} ${release.clientVersion} published ${documents.length} documents.`,
      );
      return { graphVersion, documents };
    });
  }

  async retireDocuments(holder: KeyHolder, client: string, clientVersion: string): Promise<{ graphVersion: number }> {
    requireRight(holder, 'documents');
    return this.store.changingGraph(async (sql) => {
      const newest = await this.requireGraph(sql);
      await retireRelease(sql, client, clientVersion);
      return { graphVersion: await this.again(sql, newest, 'documents', holder, `${client} ${clientVersion} was retired.`) };
    });
  }

  viewOf(graph: GraphVersion): GraphView {
    return this.views.of(graph);
  }

  private changeContracts(holder: KeyHolder, change: (sql: Sql) => Promise<void>, words: string): Promise<{ graphVersion: number }> {
    return this.store.changingGraph(async (sql) => {
      const newest = await this.requireGraph(sql);
      await change(sql);
      return { graphVersion: await this.again(sql, newest, 'contract', holder, words) };
    });
  }

  private async requireGraph(sql: Sql): Promise<GraphVersion> {
    const newest = await newestGraph(sql);
    if (!newest) throw new DomainError('NOT_FOUND', 'Nothing is published yet: publish a subgraph first.');
    return newest;
  }

  /** The same graph with other contracts or documents. */
  private again(sql: Sql, graph: GraphVersion, kind: 'contract' | 'documents', holder: KeyHolder, words: string): Promise<number> {
    const { subgraphs, commit, supergraphSdl, apiSdl } = graph;
    return this.addGraphVersion(
      sql,
      { kind, reason: words, author: holder.name, commit, subgraphs, changelog: [words] },
      { supergraphSdl, apiSdl },
    );
  }

  private async addGraphVersion(
    sql: Sql,
    graph: Pick<GraphVersion, 'kind' | 'reason' | 'author' | 'commit' | 'subgraphs' | 'changelog'>,
    composed: Composed,
  ): Promise<number> {
    const version = await addGraph(sql, { ...graph, ...composed, trustedDocuments: await trustedDocuments(sql) });
    for (const contract of await readContracts(sql))
      await addContractVersion(sql, version, contract.name, applyContract(contract.name, composed.supergraphSdl, contract));
    await announceGraph(sql, version);
    return version;
  }

  private async examine(
    sql: Sql,
    newest: GraphVersion | null,
    proposal: Proposal,
    settings: CheckSettings,
  ): Promise<{ report: CheckReport; after: GraphView | null }> {
    const subgraphs = newest ? await subgraphsOf(sql, newest) : [];
    const before = subgraphs.find(({ name }) => name === proposal.subgraph);
    const url = urlOf(proposal, before?.url ?? null, newest);
    const view = newest && this.views.of(newest);
    return check({
      published: view && { subgraphs, view },
      proposed: { name: proposal.subgraph, url, sdl: proposal.sdl },
      operations: view ? await knownOperations(sql, view.schema, settings.windowDays) : [],
      approvals: await standingApprovals(sql),
      owners: await readOwners(sql),
      contracts: await readContracts(sql),
      ...settings,
      compose: (proposed, mine) => this.views.composed(proposed, mine),
    });
  }
}

/** The variant that is the whole graph. */
export const MAIN = 'main';

function urlOf({ subgraph, url }: Proposal, before: string | null, newest: GraphVersion | null): string {
  const found = url ?? before;
  if (found !== null) return found;
  const known = Object.keys(newest?.subgraphs ?? {}).sort();
  throw new DomainError(
    'NOT_FOUND',
    `No subgraph "${subgraph}" is published; there ${known.length === 0 ? 'is none' : `are ${known.join(', ')}`}. For a new one, say where it is served: --url.`,
    { subgraphs: known },
  );
}
