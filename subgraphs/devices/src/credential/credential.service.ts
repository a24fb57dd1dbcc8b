import { isUuid, type Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import type { Log } from '@pulsegraph/kit/log';
import type { ChangeWriter } from '../change/change-scope.js';
import { DeviceRepository } from '../device/device.repository.js';
import { deviceErrors } from '../errors.js';
import { registryEntry } from '../registry/registry-entries.js';
import type { CredentialEdge, EdgeCredential } from './credential-edge.js';
import type { Credential } from './credential.entity.js';
import { CredentialRepository } from './credential.repository.js';
import { issueToken } from './token.js';

export interface IssuedCredential {
  username: string;
  token: string;
  mqttUrl: string;
}

/** An edge that has not answered by then counts as away. */
const EDGE_DEADLINE_MS = 5_000;
const MAX_GRACE_MS = 30 * 86_400_000;
/** A batch of registrations asks the edge this many at a time. */
const EDGE_CONCURRENCY = 16;

/** What lets devices in: tokens, shown once, and the edge that must know them. */
export class CredentialService {
  constructor(
    private readonly changes: ChangeWriter,
    private readonly edge: CredentialEdge,
    private readonly mqttUrl: string,
    private readonly log: Log,
    private readonly edgeDeadlineMs = EDGE_DEADLINE_MS,
  ) {}

  shown(username: string, token: string): IssuedCredential {
    return { username, token, mqttUrl: this.mqttUrl };
  }

  /** Resolves when the edge lets all of them in. @throws EDGE_UNAVAILABLE at the first it does not accept in time. */
  async makeKnown(credentials: readonly EdgeCredential[]): Promise<void> {
    const waiting = [...credentials];
    const work = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const credential = next;
        await this.inTime((signal) => this.edge.accept(credential, signal));
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(EDGE_CONCURRENCY, credentials.length) }, work));
    } catch (error) {
      waiting.length = 0;
      this.log.warn({ err: error }, 'The MQTT edge did not accept a credential');
      throw deviceErrors.edgeUnavailable(error);
    }
  }

  /** As soon as may be: an edge that is away learns it from the registry feed. */
  async makeUnknown(usernames: readonly string[], revision: number): Promise<void> {
    const results = await Promise.allSettled(
      usernames.map((username) => this.inTime((signal) => this.edge.revoke(username, revision, signal))),
    );
    const failed = results.find((result) => result.status === 'rejected');
    if (failed)
      this.log.warn({ err: failed.reason as unknown }, 'The MQTT edge did not confirm a revocation; the registry feed will tell it');
  }

  /** A new token; those before it work for `graceMs` more. Undone when the edge does not accept it. */
  async rotate(viewer: Viewer, deviceId: string, graceMs: number): Promise<IssuedCredential> {
    if (graceMs > MAX_GRACE_MS) throw errors.badUserInput('grace', 'must not be longer than P30D');
    const { result, revision } = await this.changes.commit(viewer, async (scope) => {
      const device = isUuid(deviceId) ? await new DeviceRepository(scope.manager).lock(deviceId) : null;
      if (!device) throw errors.notFound('device');
      if (device.lifecycle === 'RETIRED') throw errors.conflict('The device is retired.');
      const credentials = new CredentialRepository(scope.manager);
      const older = await credentials.findByDevice(deviceId);
      const endsAt = new Date(scope.at.getTime() + graceMs);
      for (const credential of older) {
        const validUntil = credential.validUntil && credential.validUntil < endsAt ? credential.validUntil : endsAt;
        await credentials.setValidUntil(credential.id, validUntil);
        scope.feed(registryEntry.credential({ ...credential, validUntil }));
      }
      const issued = issueToken(device, viewer.organizationKey, scope.at);
      await credentials.insert([issued.credential]);
      scope.feed(registryEntry.credential(issued.credential));
      return { ...issued, older };
    });
    const { credential, token, older } = result;
    const { username, organizationId } = credential;
    try {
      await this.makeKnown([{ username, token, organizationId, deviceId, revision, graceMs }]);
    } catch (error) {
      await this.undo(viewer, credential, older);
      throw error;
    }
    return this.shown(username, token);
  }

  private undo(viewer: Viewer, issued: Credential, older: readonly Credential[]): Promise<void> {
    return this.changes.run(viewer, async (scope) => {
      const credentials = new CredentialRepository(scope.manager);
      // Retired meanwhile: everything is gone already and must not come back.
      if (!(await new DeviceRepository(scope.manager).lock(issued.deviceId))) return;
      const present = new Set((await credentials.findByDevice(issued.deviceId)).map(({ id }) => id));
      await credentials.delete(issued.id);
      scope.feedGone('credential', [issued.id]);
      for (const credential of older.filter(({ id }) => present.has(id))) {
        await credentials.setValidUntil(credential.id, credential.validUntil);
        scope.feed(registryEntry.credential(credential));
      }
    });
  }

  /** Ends at the deadline even when the edge ignores the signal. */
  private async inTime(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const abort = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = new Error(`The MQTT edge did not answer within ${this.edgeDeadlineMs} ms`);
        abort.abort(error);
        reject(error);
      }, this.edgeDeadlineMs);
    });
    try {
      await Promise.race([work(abort.signal), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
