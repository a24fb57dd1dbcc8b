import type { Approval } from '../check/weigh-changes.js';
import type { CheckReport } from '../check/check.js';
import type { SchemaFault } from '../composition/fault.js';
import type { SubgraphVersion, VersionSummary } from '../version/version.repository.js';

/** A refusal of the registry, in its words. */
export class Refused extends Error {
  override readonly name = 'Refused';
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: { report?: CheckReport; faults?: SchemaFault[]; current?: number } & Record<string, unknown>,
  ) {
    super(message);
  }
}

/** Nobody answers at the registry's address. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

export type Published = {
  subgraph: string;
  version: number;
  graphVersion: number;
  unchanged: boolean;
  changelog: string[];
  report: CheckReport | null;
};
export type Checked = CheckReport & { id: string; text: string; markdown: string };
export type CurrentSubgraph = Pick<SubgraphVersion, 'name' | 'version'> & Partial<SubgraphVersion>;

const DEADLINE_MS = 60_000;

/** The registry over HTTP. */
export class RegistryClient {
  constructor(
    private readonly url: string,
    private readonly key: string | undefined,
  ) {}

  check = (subgraph: string, body: object) => this.ask<Checked>('POST', `subgraphs/${encodeURIComponent(subgraph)}/check`, body);
  publish = (subgraph: string, body: object) => this.ask<Published>('POST', `subgraphs/${encodeURIComponent(subgraph)}/publish`, body);
  current = (subgraph: string) => this.ask<CurrentSubgraph>('GET', `subgraphs/${encodeURIComponent(subgraph)}`);
  subgraphs = () => this.ask<{ graphVersion: number | null; subgraphs: SubgraphVersion[] }>('GET', 'subgraphs');
  history = (limit: number) => this.ask<{ versions: VersionSummary[] }>('GET', `history?limit=${limit}`);
  diff = (from: number, to: number) =>
    this.ask<{ changes: { level: string; path: string; message: string }[] }>('GET', `diff?from=${from}&to=${to}`);
  rollback = (body: object) => this.ask<{ graphVersion: number; to: number }>('POST', 'rollback', body);
  approve = (body: object) => this.ask<Approval>('POST', 'approvals', body);
  usage = <T>(query: Record<string, string>) => this.ask<T>('GET', `usage?${new URLSearchParams(query).toString()}`);
  contracts = () => this.ask<{ contracts: { name: string; include: string[]; exclude: string[] }[] }>('GET', 'contracts');
  setContract = (name: string, body: object) => this.ask<{ graphVersion: number }>('PUT', `contracts/${encodeURIComponent(name)}`, body);
  dropContract = (name: string) => this.ask<{ graphVersion: number }>('DELETE', `contracts/${encodeURIComponent(name)}`);
  publishDocuments = (body: object) =>
    this.ask<{ graphVersion: number; documents: { hash: string; name: string }[] }>('POST', 'documents', body);
  retireDocuments = (body: object) => this.ask<{ graphVersion: number }>('POST', 'documents/retire', body);
  setOwners = (body: object) => this.ask<Record<string, string>>('PUT', 'owners', body);
  addKey = (body: object) => this.ask<{ id: string; secret: string }>('POST', 'keys', body);
  addWebhook = (body: object) => this.ask<{ id: string; secret: string }>('POST', 'webhooks', body);

  /** @throws Refused, or Unreachable. */
  async ask<T>(method: string, path: string, body?: object): Promise<T> {
    let response: Response;
    try {
      response = await fetch(new URL(`/v1/${path}`, this.url), {
        method,
        headers: { ...(this.key && { authorization: `Bearer ${this.key}` }), ...(body && { 'content-type': 'application/json' }) },
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
    } catch (error) {
      throw new Unreachable(`The registry at ${this.url} does not answer: start it, or set REGISTRY_URL.`, { cause: error });
    }
    const text = await response.text();
    if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as T;
    const refusal = refusalIn(text);
    if (!refusal) throw new Unreachable(`${this.url} answered ${response.status} and is no registry: set REGISTRY_URL.`);
    throw new Refused(response.status, refusal.code, refusal.message, refusal.details);
  }
}

function refusalIn(text: string): { code: string; message: string; details: Refused['details'] } | null {
  try {
    const { error } = JSON.parse(text) as { error?: { code: string; message: string; details: Refused['details'] } };
    return typeof error === 'object' ? error : null;
  } catch {
    return null;
  }
}
