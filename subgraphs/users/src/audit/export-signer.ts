import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import type { Sealer } from '@pulsegraph/kit/sealing';
import type { DataSource } from 'typeorm';
import { AuditSigningKey } from './audit-event.entity.js';

const placeOf = (id: string) => `audit-signing-key/${id}`;

/** An Ed25519 key of its own for exports: they must be verifiable when keys of access tokens are long forgotten. */
export class ExportSigner {
  constructor(
    private readonly service: DataSource,
    private readonly sealer: Sealer,
  ) {}

  async sign(content: string): Promise<{ signature: string; publicKey: string }> {
    const { id, publicPem, sealedPrivatePem } = await this.current();
    const key = createPrivateKey(this.sealer.open(sealedPrivatePem, placeOf(id)));
    return { signature: sign(null, Buffer.from(content), key).toString('base64'), publicKey: publicPem };
  }

  /** After a rotation of DATA_KEY. */
  async resealAll(): Promise<void> {
    for (const { id, sealedPrivatePem } of await this.service.manager.find(AuditSigningKey)) {
      if (this.sealer.isCurrent(sealedPrivatePem)) continue;
      const next = this.sealer.seal(this.sealer.open(sealedPrivatePem, placeOf(id)), placeOf(id));
      await this.service.manager.update(AuditSigningKey, { id }, { sealedPrivatePem: next });
    }
  }

  private current(): Promise<AuditSigningKey> {
    return this.service.transaction(async (manager) => {
      await manager.query(`select pg_advisory_xact_lock(hashtext('users.audit_signing_key'))`);
      const [newest] = await manager.find(AuditSigningKey, { order: { createdAt: 'DESC' }, take: 1 });
      if (newest) return newest;
      const pair = generateKeyPairSync('ed25519', {
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      });
      const id = crypto.randomUUID();
      await manager.insert(AuditSigningKey, {
        id,
        publicPem: pair.publicKey,
        sealedPrivatePem: this.sealer.seal(pair.privateKey, placeOf(id)),
      });
      return manager.findOneByOrFail(AuditSigningKey, { id });
    });
  }
}
