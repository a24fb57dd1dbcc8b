import type { EntityManager } from 'typeorm';
import { Credential } from './credential.entity.js';

export class CredentialRepository {
  constructor(private readonly manager: EntityManager) {}

  async insert(credentials: readonly Credential[]): Promise<void> {
    await this.manager.insert(Credential, [...credentials]);
  }

  findByDevice(deviceId: string): Promise<Credential[]> {
    return this.manager.findBy(Credential, { deviceId });
  }

  async setValidUntil(id: string, validUntil: Date | null): Promise<void> {
    await this.manager.update(Credential, { id }, { validUntil });
  }

  async delete(id: string): Promise<void> {
    await this.manager.delete(Credential, { id });
  }

  async deleteByDevice(deviceId: string): Promise<Credential[]> {
    const credentials = await this.findByDevice(deviceId);
    await this.manager.delete(Credential, { deviceId });
    return credentials;
  }
}
