import type { Viewer } from '@pulsegraph/contracts';
import { LRUCache } from 'lru-cache';
import { Kind, type FragmentDefinitionNode, type SelectionSetNode } from 'graphql';
import { responseCacheHits } from '../metrics.js';
import { stableJson } from './stable-json.js';
import { selectsPersonal } from './personal.js';
import type { GraphQLResult } from './plan-execution.js';
import type { PreparedOperation } from './prepared-operation.js';

interface Kept {
  result: Promise<GraphQLResult>;
  expiresAtMs: number;
}

const KEPT_RESULTS = 5_000;

/**
 * Answers of queries whose every top field is declared `@cached(forSeconds:)`: the same for everybody of one
 * organization and role, for that long. Callers that come while the first is being answered share its answer.
 */
export class ResponseCache {
  private readonly kept = new LRUCache<string, Kept>({ max: KEPT_RESULTS });
  private readonly lifetimes = new WeakMap<PreparedOperation, number>();

  constructor(private readonly now: () => number = Date.now) {}

  answer(
    prepared: PreparedOperation,
    variables: Record<string, unknown>,
    viewer: Viewer | null,
    execute: () => Promise<GraphQLResult>,
  ): Promise<GraphQLResult> {
    const lifetimeMs = this.lifetimeMs(prepared);
    if (lifetimeMs === 0) return execute();
    const who = viewer ? `${viewer.organizationId}/${viewer.role}` : 'stranger';
    const key = JSON.stringify([prepared.generation.id, prepared.text, prepared.operation.name?.value ?? null, who, stableJson(variables)]);
    const kept = this.kept.get(key);
    if (kept && kept.expiresAtMs > this.now()) {
      responseCacheHits.inc({ result: 'hit' });
      return kept.result;
    }
    responseCacheHits.inc({ result: 'miss' });
    const entry: Kept = { result: execute(), expiresAtMs: this.now() + lifetimeMs };
    this.kept.set(key, entry);
    void entry.result.then((result) => {
      // An answer that lacks something must not stand for the next who ask.
      if (result.errors && this.kept.peek(key) === entry) this.kept.delete(key);
    });
    return entry.result;
  }

  /** 0: not to be cached. */
  private lifetimeMs(prepared: PreparedOperation): number {
    let lifetime = this.lifetimes.get(prepared);
    if (lifetime === undefined) this.lifetimes.set(prepared, (lifetime = lifetimeOf(prepared)));
    return lifetime;
  }
}

function lifetimeOf(prepared: PreparedOperation): number {
  const { generation, kind, operation, document } = prepared;
  if (kind !== 'query' || prepared.introspects || !generation.declared.anyCached) return 0;
  if (generation.declared.anyPersonal && selectsPersonal(prepared)) return 0;
  const fragments = new Map(
    document.definitions.filter((d): d is FragmentDefinitionNode => d.kind === Kind.FRAGMENT_DEFINITION).map((d) => [d.name.value, d]),
  );
  let seconds = Infinity;
  const look = (set: SelectionSetNode) => {
    for (const selection of set.selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT) look(selection.selectionSet);
      else if (selection.kind === Kind.FRAGMENT_SPREAD) look(fragments.get(selection.name.value)!.selectionSet);
      else if (selection.name.value !== '__typename') seconds = Math.min(seconds, generation.declared.cachedSeconds(selection.name.value));
    }
  };
  look(operation.selectionSet);
  return Number.isFinite(seconds) ? seconds * 1_000 : 0;
}
