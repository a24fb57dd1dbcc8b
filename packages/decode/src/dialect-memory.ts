const DEFAULT_MAX_ITEMS = 500_000;

/**
 * What dialects remember of each sender, such as aliases of names, bounded over all of them: beyond it, whoever was silent
 * longest is forgotten. A dialect must be able to start again from nothing at any time.
 */
export class DialectMemory {
  private readonly entries = new Map<string, { value: object; items: number }>();
  private items = 0;

  /** @param maxItems Aliases, properties and the like, about 200 bytes each. */
  constructor(private readonly maxItems = DEFAULT_MAX_ITEMS) {}

  get<T extends object>(key: string): T | undefined {
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry.value as T;
  }

  /** @param items How much it holds now, counted as in `maxItems`. */
  set(key: string, value: object, items: number): void {
    this.items += items + 1 - (this.entries.get(key)?.items ?? 0);
    this.entries.delete(key);
    this.entries.set(key, { value, items: items + 1 });
    for (const [oldest, entry] of this.entries) {
      if (this.items <= this.maxItems) break;
      this.items -= entry.items;
      this.entries.delete(oldest);
    }
  }
}
