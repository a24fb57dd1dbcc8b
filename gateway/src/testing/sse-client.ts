/** A GraphQL-over-SSE client, distinct connections mode, that shows the raw events. */
export function createClient(url: string, headers: Record<string, string>, body: object) {
  const controller = new AbortController();
  const response = fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
    body: JSON.stringify(body),
    signal: controller.signal,
  });
  const decoder = new TextDecoder();
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  let text = '';
  return {
    async next(): Promise<{ event: string; data: unknown; id?: string }> {
      reader ??= (await response).body!.getReader();
      for (;;) {
        const end = text.indexOf('\n\n');
        if (end !== -1) {
          const block = text.slice(0, end);
          text = text.slice(end + 2);
          if (block.startsWith(':')) continue;
          const field = (name: string) =>
            block
              .split('\n')
              .find((line) => line.startsWith(`${name}: `))
              ?.slice(name.length + 2);
          const data = field('data');
          return {
            event: field('event') ?? 'message',
            data: data ? (JSON.parse(data) as unknown) : undefined,
            ...(field('id') !== undefined && { id: field('id') }),
          };
        }
        const { value, done } = await reader.read();
        if (done) throw new Error(`the stream ended with ${JSON.stringify(text)}`);
        text += decoder.decode(value, { stream: true });
      }
    },
    status: async () => (await response).status,
    stop: () => controller.abort(),
  };
}
