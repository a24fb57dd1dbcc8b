import type { GraphQLFormattedError } from 'graphql';
import type { GraphQLResult } from '../../operation/plan-execution.js';
import type { CatchUp, DeliveredEvent, DeliveryHistory } from './history.js';

interface Held {
  seq: number;
  /** The element under each of the client's names for the list. */
  elements: unknown[];
  errors: GraphQLFormattedError[];
}

/** More keys than this are not held for slow clients: the oldest go, and count as skipped. */
const MAX_KEYS = 20_000;

/**
 * The newest element per key, where events bring lists of elements. One map serves every slow client of the group: a client that has everything up to `seq`
 * gets what is newer, and how much it missed is the difference of two counts.
 */
export class LatestElements implements DeliveryHistory {
  readonly oldestServableSeq = -1;
  /** By age of the newest element, oldest first. */
  private readonly held = new Map<string, Held>();
  private readonly published = new Map<number, number>();
  private total = 0;
  private newest: DeliveredEvent | undefined;
  /** The newest event that has data: the frame into which held elements go. */
  private frame: DeliveredEvent | undefined;
  private readonly merged = new Map<number, CatchUp>();

  constructor(
    private readonly rootName: string,
    private readonly listNames: readonly string[],
    sinceSeq: number,
  ) {
    this.published.set(sinceSeq, 0);
  }

  add(event: DeliveredEvent): void {
    this.merged.clear();
    this.newest = event;
    const root = event.result.data?.[this.rootName] as Record<string, unknown> | null | undefined;
    if (root) this.frame = event;
    const lists = this.listNames.map((name) => root?.[name]);
    event.keys.forEach((key, index) => {
      this.held.delete(key);
      this.held.set(key, {
        seq: event.seq,
        elements: lists.map((list) => (Array.isArray(list) ? (list[index] as unknown) : undefined)),
        errors: (event.result.errors ?? []).filter(({ path }) => path?.[2] === index && this.listNames.includes(String(path[1]))),
      });
    });
    if (this.held.size > MAX_KEYS) {
      for (const key of this.held.keys()) {
        if (this.held.size <= MAX_KEYS) break;
        this.held.delete(key);
      }
    }
    this.total += event.keys.length;
    this.published.set(event.seq, this.total);
  }

  /** Counts up to here are no longer needed. */
  forget(beforeSeq: number): void {
    for (const seq of this.published.keys()) {
      if (seq >= beforeSeq) break;
      this.published.delete(seq);
    }
  }

  after(seq: number): CatchUp | undefined {
    const { newest } = this;
    if (!newest || newest.seq <= seq) return undefined;
    if (newest.seq === seq + 1) return { payload: newest.payload, cursor: newest.cursor, seq: newest.seq, skipped: 0 };
    let merged = this.merged.get(seq);
    if (!merged) this.merged.set(seq, (merged = this.merge(seq, newest)));
    return merged;
  }

  private merge(seq: number, newest: DeliveredEvent): CatchUp {
    const kept: Held[] = [];
    for (const held of this.held.values()) if (held.seq > seq) kept.push(held);
    const skipped = this.total - (this.published.get(seq) ?? 0) - kept.length;
    const frame = this.frame && this.frame.seq > seq ? this.frame : newest;
    const result = this.listNames.length > 0 ? this.fill(frame.result, newest.result, kept) : frame.result;
    const extensions = { ...result.extensions, delivery: { ...(result.extensions?.delivery as object | undefined), skipped } };
    return { payload: Buffer.from(JSON.stringify({ ...result, extensions })), cursor: newest.cursor, seq: newest.seq, skipped };
  }

  /** The frame with the held elements in place of its own, in the order in which they were published. */
  private fill(frame: GraphQLResult, newest: GraphQLResult, kept: readonly Held[]): GraphQLResult {
    const root = frame.data?.[this.rootName] as Record<string, unknown> | null | undefined;
    if (!root) return newest;
    const filled: Record<string, unknown> = { ...root };
    const errors: GraphQLFormattedError[] = (frame.errors ?? []).filter(
      ({ path }) => !this.listNames.includes(String(path?.[1])) || typeof path?.[2] !== 'number',
    );
    this.listNames.forEach((name, which) => {
      if (!Array.isArray(root[name])) return;
      const elements: unknown[] = [];
      for (const held of kept) {
        const element = held.elements[which];
        if (element === undefined) continue;
        for (const error of held.errors) {
          if (error.path?.[1] === name) errors.push({ ...error, path: [this.rootName, name, elements.length, ...error.path.slice(3)] });
        }
        elements.push(element);
      }
      filled[name] = elements;
    });
    return { data: { ...frame.data, [this.rootName]: filled }, ...(errors.length > 0 && { errors }), extensions: frame.extensions };
  }
}
