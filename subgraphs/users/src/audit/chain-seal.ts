import type { Sealer } from '@pulsegraph/kit/sealing';
import type { ChainPlace } from './audit-chain.js';
import type { ChainMarkRow } from './audit.repository.js';

/**
 * Signs where a chain ends with a key that is not in the database (when DATA_KEY is set): whoever can only write there
 * can neither cut off its end nor write the whole of it anew.
 */
export class ChainSeal {
  constructor(private readonly sealer: Sealer) {}

  seal(organizationId: string, place: ChainPlace): ChainMarkRow {
    return { ...place, mac: this.macs(organizationId, place)[0]! };
  }

  holds(organizationId: string, mark: ChainMarkRow): boolean {
    return this.macs(organizationId, mark).includes(mark.mac);
  }

  private macs(organizationId: string, { seq, hash }: ChainPlace): string[] {
    return this.sealer.blind(`${seq} ${hash}`, `audit-chain/${organizationId}`);
  }
}
