import { ApolloLink } from '@apollo/client/link';
import { parse } from 'graphql';
import type { Sink, SubscribePayload } from 'graphql-ws';
import { LiveLink } from './live-link';

const READINGS = parse('subscription Live($after: Cursor) { readings(after: $after) { cursor value } }');

/** Stands where graphql-ws would: keeps each payload object, and sends it as it is at that moment. */
function harness({ renewed = true } = {}) {
  const sent: unknown[] = [];
  const opened: { payload: SubscribePayload; sink: Sink<unknown> }[] = [];
  let refreshes = 0;
  let terminated = 0;
  const transmit = (payload: SubscribePayload): void => void sent.push(structuredClone(payload.variables));
  const link = new LiveLink(
    {
      subscribe: ((payload: SubscribePayload, sink: Sink<unknown>) => {
        opened.push({ payload, sink });
        transmit(payload);
        return () => undefined;
      }) as never,
      terminate: () => void terminated++,
    },
    { refresh: () => (refreshes++, Promise.resolve(renewed)) },
    () => Promise.resolve(),
  );
  const events: unknown[] = [];
  let failure: unknown;
  let completed = false;
  const operation = { query: READINGS, variables: {}, operationName: 'Live' } as unknown as ApolloLink.Operation;
  const subscription = link.request(operation).subscribe({
    next: ({ data }) => void events.push((data as { readings: { value: number } }).readings.value),
    error: (error: unknown) => void (failure = error),
    complete: () => void (completed = true),
  });
  return {
    sent,
    events,
    subscription,
    emit: (cursor: string, value: number) => opened.at(-1)!.sink.next({ data: { readings: { cursor, value } } }),
    refuse: (code: string) => opened.at(-1)!.sink.error([{ message: code, extensions: { code } }]),
    end: () => opened.at(-1)!.sink.complete(),
    /** What graphql-ws does by itself after a broken socket. */
    reconnect: () => transmit(opened.at(-1)!.payload),
    settle: async () => {
      for (let i = 0; i < 5; i++) await Promise.resolve();
    },
    state: () => ({ refreshes, terminated, failure, completed, opened: opened.length }),
  };
}

describe('LiveLink', () => {
  it('continues behind the last event after a break, not from now', () => {
    const socket = harness();
    socket.emit('c1', 1);
    socket.emit('c2', 2);
    socket.reconnect();
    expect(socket.sent).toEqual([{}, { after: 'c2' }]);
    expect(socket.events).toEqual([1, 2]);
  });

  it('asks again from the cursor when the server ends a stream or is away for a while', async () => {
    const socket = harness();
    socket.emit('c1', 1);
    socket.end();
    await socket.settle();
    socket.refuse('SERVICE_UNAVAILABLE');
    await socket.settle();
    expect(socket.sent).toEqual([{}, { after: 'c1' }, { after: 'c1' }]);
    expect(socket.state()).toMatchObject({ failure: undefined, completed: false, refreshes: 0 });
  });

  it('brings a fresh token when the session ended, and a new socket with it', async () => {
    const socket = harness();
    socket.emit('c1', 1);
    socket.refuse('SESSION_EXPIRED');
    await socket.settle();
    expect(socket.state()).toMatchObject({ refreshes: 1, terminated: 1, opened: 2 });
    expect(socket.sent.at(-1)).toEqual({ after: 'c1' });
  });

  it('ends without an error when nobody is signed in any more', async () => {
    const socket = harness({ renewed: false });
    socket.refuse('UNAUTHENTICATED');
    await socket.settle();
    expect(socket.state()).toMatchObject({ completed: true, failure: undefined, opened: 1 });
  });

  it.each(['CURSOR_EXPIRED', 'FORBIDDEN', 'BAD_USER_INPUT', 'NOT_FOUND'])('hands on %s, which asking again cannot change', async (code) => {
    const socket = harness();
    socket.refuse(code);
    await socket.settle();
    expect(socket.state().opened).toBe(1);
    expect(socket.state().failure).toMatchObject({ errors: [{ extensions: { code } }] });
  });

  it('stays silent once nobody listens', async () => {
    const socket = harness();
    socket.subscription.unsubscribe();
    socket.refuse('SERVICE_UNAVAILABLE');
    await socket.settle();
    expect(socket.state()).toMatchObject({ opened: 1, failure: undefined });
  });
});
