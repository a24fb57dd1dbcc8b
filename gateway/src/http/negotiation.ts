export type ResponseMediaType = 'application/graphql-response+json' | 'application/json' | 'text/event-stream';

const OFFERED: readonly ResponseMediaType[] = ['application/json', 'application/graphql-response+json', 'text/event-stream'];
const cache = new Map<string, ResponseMediaType | null>();

/**
 * The media type to answer in; null when the client accepts none of ours. Without an Accept header, and for anything, it is
 * application/json, as GraphQL over HTTP asks for while old clients are about.
 */
export function negotiate(accept: string | undefined): ResponseMediaType | null {
  if (accept === undefined || accept === '') return 'application/json';
  let chosen = cache.get(accept);
  if (chosen === undefined) {
    chosen = choose(accept);
    // Clients send a handful of values; a stranger who sends many must not fill memory.
    if (cache.size < 256) cache.set(accept, chosen);
  }
  return chosen;
}

function choose(accept: string): ResponseMediaType | null {
  const ranges = accept.split(',').map((range, index) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const q = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1);
    const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice(8);
    const usable = charset === undefined || /^"?utf-?8"?$/.test(charset);
    return { type, q: usable && !Number.isNaN(q) ? q : 0, index };
  });
  ranges.sort((a, b) => b.q - a.q || a.index - b.index);
  for (const { type, q } of ranges) {
    if (q <= 0) continue;
    const match =
      OFFERED.find((offered) => type === offered) ?? OFFERED.find((offered) => type === '*/*' || type === `${offered.split('/')[0]}/*`);
    if (match) return match;
  }
  return null;
}
