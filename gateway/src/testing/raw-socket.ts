import WebSocket from 'ws';

/** A WebSocket that shows messages and the close as they come. */
export function rawSocket(port: number, protocol: string | undefined = 'graphql-transport-ws') {
  const ws = new WebSocket(`ws://127.0.0.1:${port}/graphql`, protocol === '' ? undefined : protocol);
  const messages: Record<string, unknown>[] = [];
  let wake: () => void = () => undefined;
  let closed: { code: number; reason: string } | undefined;
  ws.on('message', (data: Buffer) => {
    messages.push(JSON.parse(data.toString()) as Record<string, unknown>);
    wake();
  });
  ws.on('close', (code, reason) => {
    closed = { code, reason: reason.toString() };
    wake();
  });
  ws.on('error', () => undefined);
  const opened = new Promise<void>((resolve) => ws.once('open', () => resolve()));
  const until = async (done: () => boolean) => {
    while (!done()) await new Promise<void>((resolve) => (wake = resolve));
  };
  let read = 0;
  return {
    ws,
    messages,
    async send(message: unknown) {
      await opened;
      ws.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
    },
    async next(): Promise<Record<string, unknown>> {
      await until(() => messages.length > read || closed !== undefined);
      const message = messages[read];
      if (!message) throw new Error(`closed: ${JSON.stringify(closed)}`);
      read += 1;
      return message;
    },
    async closed(): Promise<{ code: number; reason: string }> {
      await until(() => closed !== undefined);
      return closed!;
    },
    async acknowledged(token?: string) {
      await this.send({ type: 'connection_init', payload: token ? { authorization: `Bearer ${token}` } : undefined });
      return this.next();
    },
  };
}
