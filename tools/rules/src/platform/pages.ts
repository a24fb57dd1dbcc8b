import type { PlatformClient } from '@pulsegraph/platform-client';

interface Page<T> {
  nodes: T[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

/** All nodes of a connection. @param query Takes `$after`. */
export async function everyPage<T>(
  platform: PlatformClient,
  field: string,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<T[]> {
  const nodes: T[] = [];
  for (let after: string | null = null, more = true; more;) {
    const page: Page<T> = (await platform.request<Record<string, Page<T>>>(query, { ...variables, after }))[field]!;
    nodes.push(...page.nodes);
    ({ hasNextPage: more, endCursor: after } = page.pageInfo);
  }
  return nodes;
}
