import type { SharingKey } from './live-engine.js';

interface OpenGroup {
  clients: number;
  key: SharingKey;
}

const SHOWN = 200;

/** Groups of the same document side by side, each pair with the parts of the key in which they differ. */
export function explainSharing(groups: readonly OpenGroup[]) {
  const clients = groups.reduce((sum, group) => sum + group.clients, 0);
  const byDocument = new Map<string, OpenGroup[]>();
  for (const group of groups) {
    const same = byDocument.get(group.key.document);
    if (same) same.push(group);
    else byDocument.set(group.key.document, [group]);
  }
  const largest = [...byDocument.values()].sort((a, b) => b.length - a.length).slice(0, SHOWN);
  return {
    clients,
    sharingFactor: groups.length === 0 ? 0 : clients / groups.length,
    documents: largest.map((same) => ({
      document: same[0]!.key.document,
      groups: same
        .slice(0, SHOWN)
        .map(({ clients: sharing, key: { variables, viewer, after } }) => ({ clients: sharing, variables, viewer, after })),
      differIn: (['variables', 'viewer', 'after'] as const).filter((part) => new Set(same.map(({ key }) => key[part])).size > 1),
    })),
  };
}
