import type { Viewer } from '@pulsegraph/contracts';
import { inOrganization } from '@pulsegraph/kit/postgres';
import type { DataSource, EntityManager } from 'typeorm';
import { registryEntry, type RegistryDraft } from '../registry/registry-entries.js';
import { appendDeviceChanges, appendRegistryChanges, type DeviceChangeDraft, type DeviceChangeKind } from './append-changes.js';
import type { ChangePublisher } from './change-publisher.js';
import { factsOf, type DeviceFacts } from './device-facts.js';
import { sqlOf } from './sql.js';

export type Caller = Pick<Viewer, 'organizationId' | 'organizationKey'>;

/** One transaction of one organization, and what the world will hear of it if it commits. */
export class ChangeScope {
  readonly entries: RegistryDraft[] = [];
  readonly deviceChanges: DeviceChangeDraft[] = [];

  constructor(
    readonly manager: EntityManager,
    readonly organizationId: string,
    readonly at: Date,
  ) {}

  /** Entries for the registry feed. */
  feed(...entries: RegistryDraft[]): void {
    this.entries.push(...entries);
  }

  feedGone(kind: RegistryDraft['kind'], ids: readonly string[]): void {
    this.feed(...ids.map((id) => registryEntry.gone(kind, id, this.organizationId)));
  }

  /** Runs `mutate` and records one change per device, with what filters saw before and after. */
  async changingDevices<T>(deviceIds: readonly string[], kind: DeviceChangeKind, mutate: () => Promise<T>): Promise<T> {
    const before = await this.facts(deviceIds);
    const result = await mutate();
    const after = await this.facts(deviceIds);
    for (const [deviceId, facts] of after) {
      this.deviceChanges.push({ deviceId, kind, at: this.at, before: before.get(deviceId) ?? null, after: facts });
    }
    return result;
  }

  private facts(deviceIds: readonly string[]): Promise<Map<string, DeviceFacts>> {
    return factsOf(sqlOf(this.manager), deviceIds);
  }
}

export interface Committed<T> {
  result: T;
  /** Of the registry feed after this change. */
  revision: number;
}

export class ChangeWriter {
  constructor(
    private readonly dataSource: DataSource,
    private readonly publisher: ChangePublisher,
    readonly now: () => number,
  ) {}

  /** Rows, device changes and feed entries in one transaction; wake-ups only when it has committed. */
  async commit<T>(caller: Caller, work: (scope: ChangeScope) => Promise<T>): Promise<Committed<T>> {
    const { organizationId } = caller;
    let seq = 0;
    let revision = 0;
    let changed = false;
    const result = await inOrganization(this.dataSource, organizationId, async (manager) => {
      const scope = new ChangeScope(manager, organizationId, new Date(this.now()));
      const value = await work(scope);
      if (scope.deviceChanges.length + scope.entries.length === 0) return value;
      const sql = sqlOf(manager);
      const appended = await appendDeviceChanges(sql, caller, scope.deviceChanges);
      seq = appended.seq;
      changed = scope.deviceChanges.length > 0;
      revision = await appendRegistryChanges(sql, [...appended.first, ...scope.entries]);
      return value;
    });
    this.publisher.publish({ revision, seqs: new Map(changed ? [[organizationId, seq]] : []) });
    return { result, revision };
  }

  async run<T>(caller: Caller, work: (scope: ChangeScope) => Promise<T>): Promise<T> {
    return (await this.commit(caller, work)).result;
  }
}
