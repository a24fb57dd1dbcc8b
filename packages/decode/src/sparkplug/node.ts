import type { SparkplugMetric } from './payload.js';

interface Named {
  name: string;
  datatype: number | undefined;
  child: string | null;
}

const MAX_ALIASES = 10_000;

/** What is remembered of an edge node between its messages. */
export class SparkplugNode {
  /** An alias is unique over the node and all its devices. */
  private readonly aliases = new Map<string, Named>();
  private seq: number | null = null;
  private bdSeq: string | null = null;
  /** Something was missed, or never heard: names, or messages in between. */
  needsRebirth = false;
  askedAtUs = -Infinity;

  get size(): number {
    return this.aliases.size;
  }

  byAlias(alias: string): Named | undefined {
    return this.aliases.get(alias);
  }

  isBorn(seq: number | undefined, bdSeq: string | null): void {
    this.aliases.clear();
    this.seq = seq ?? 0;
    this.bdSeq = bdSeq;
    this.needsRebirth = false;
    this.askedAtUs = -Infinity;
  }

  /** @returns False for the will of an earlier connection, which says nothing about this one. */
  dies(bdSeq: string | null): boolean {
    if (this.bdSeq !== null && bdSeq !== null && bdSeq !== this.bdSeq) return false;
    this.aliases.clear();
    this.seq = null;
    this.bdSeq = null;
    this.needsRebirth = false;
    return true;
  }

  /** Messages arrive in order over one connection, so a gap is a loss and is not waited out. */
  follows(seq: number | undefined): void {
    if (this.seq === null || (seq !== undefined && seq !== (this.seq + 1) % 256)) this.needsRebirth = true;
    if (seq !== undefined && this.seq !== null) this.seq = seq;
  }

  learn(child: string | null, metrics: readonly SparkplugMetric[]): void {
    for (const { name, alias, datatype } of metrics) {
      if (name === undefined || alias === undefined || this.aliases.size >= MAX_ALIASES) continue;
      this.aliases.set(alias.toString(), { name: name.slice(0, 256), datatype, child });
    }
  }

  forget(child: string): void {
    for (const [alias, known] of this.aliases) if (known.child === child) this.aliases.delete(alias);
  }
}
