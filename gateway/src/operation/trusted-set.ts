import { createHash } from 'node:crypto';
import { Kind, parse, print, stripIgnoredCharacters, visit } from 'graphql';
import { LRUCache } from 'lru-cache';

/** Documents that may run, by their SHA-256 in hex. */
export type TrustedDocuments = ReadonlyMap<string, string>;

/**
 * Documents that may run. A client's library may lay a document out anew and add `__typename` to it: it is the same
 * document still, and is recognised by its shape.
 */
export class TrustedSet {
  private readonly shapes: ReadonlySet<string>;
  private readonly judged = new LRUCache<string, boolean>({
    max: 5_000,
    maxSize: 16 << 20,
    sizeCalculation: (_trusted, text) => text.length + 64,
  });

  constructor(private readonly documents: TrustedDocuments) {
    this.shapes = new Set([...documents.values()].flatMap((text) => shapeOf(text) ?? []));
  }

  textOf(hash: string): string | undefined {
    return this.documents.get(hash);
  }

  has(text: string): boolean {
    const known = this.judged.get(text);
    if (known !== undefined) return known;
    const shape = shapeOf(text);
    const trusted = shape !== null && this.shapes.has(shape);
    this.judged.set(text, trusted);
    return trusted;
  }
}

const MAX_TOKENS = 20_000;

function shapeOf(text: string): string | null {
  try {
    const document = visit(parse(text, { noLocation: true, maxTokens: MAX_TOKENS }), {
      Field: (node) => (node.name.value === '__typename' && !node.alias && !node.directives?.length ? null : undefined),
    });
    const parts = document.definitions.map(
      (definition) => `${definition.kind === Kind.FRAGMENT_DEFINITION ? 'f' : 'o'}${stripIgnoredCharacters(print(definition))}`,
    );
    return createHash('sha256').update(parts.sort().join('\n')).digest('hex');
  } catch {
    // What does not parse is no trusted document; a selection of nothing but __typename prints as none.
    return null;
  }
}
