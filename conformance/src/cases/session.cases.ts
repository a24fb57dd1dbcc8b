import type { ConformanceCase } from '../suite/case.js';
import { Unsupported, check, same, show } from '../suite/verdict.js';
import { pause } from '../suite/waits.js';

const MOVED = 'subscription($line: String!) { moved(line: $line) { seq } }';
/** Tolerance for clocks, and a grace for clients that are about to bring a fresh token. */
const EXPIRY_DEADLINE_MS = 90_000;
const LIFE_S = 8;

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

export const sessionCases: ConformanceCase[] = [
  {
    id: 'session/valid-token',
    name: 'a valid token in connection_init opens the connection',
    why: 'Browsers cannot send headers with a WebSocket; the payload is the way.',
    level: 'robustness',
    needs: 'auth',
    async run(stage) {
      const socket = await stage.socket(bearer(await stage.tokens.token(600)));
      const id = socket.subscribe(MOVED, { line: stage.stream().line });
      await stage.live(socket, id);
      stage.stream().emit();
      same(await socket.data(id), { moved: { seq: 1 } }, 'the event');
      return undefined;
    },
  },
  {
    id: 'session/4403-foreign-token',
    name: 'a token signed by somebody else is refused: 4403, or an error for each operation',
    why: 'And nothing reaches the subgraph.',
    level: 'robustness',
    needs: 'auth',
    async run(stage) {
      const socket = await stage.rawSocket().open();
      socket.send({ type: 'connection_init', payload: bearer(await stage.tokens.foreignToken()) });
      await socket.until(() => socket.close !== null || socket.messages.length > 0, 'neither an acknowledgement nor a close');
      if (socket.close) {
        check([4401, 4403].includes(socket.close.code), `closed with ${show(socket.close)}`);
        return `${socket.close.code} ${socket.close.reason}`;
      }
      const id = socket.subscribe(MOVED, { line: stage.stream().line });
      await socket.until(
        () => socket.messages.some((message) => message.id === id) || socket.close !== null,
        'the operation was not refused',
      );
      same(stage.stream().opened, [], 'subscriptions at the subgraph');
      return show(socket.messages.find((message) => message.id === id)?.payload ?? socket.close);
    },
  },
  {
    id: 'session/expiry',
    name: 'a token ends while a subscription is open: the client is told, and no more events come',
    why: 'A stream that outlives its session goes on telling somebody who may have been dismissed.',
    level: 'robustness',
    needs: 'auth',
    waits: true,
    async run(stage) {
      const socket = await stage.socket(bearer(await stage.tokens.token(LIFE_S)), EXPIRY_DEADLINE_MS);
      const id = socket.subscribe(MOVED, { line: stage.stream().line });
      await stage.live(socket, id);
      stage.stream().emit();
      await socket.data(id);
      await socket.until(() => socket.endOf(id) !== null, 'the subscription outlives its token');
      const told = socket.ending(id);
      check(told !== 'a plain complete', 'ended with a plain complete: the client cannot tell why');
      await stage.stream().untilOpen(0);
      return told;
    },
  },
  {
    id: 'session/in-band-renewal',
    name: 'a fresh token is taken on the open socket, and the subscription outlives the first one',
    why: 'Access tokens live for minutes; reconnecting every few minutes loses events and costs everybody.',
    level: 'extension',
    needs: 'auth',
    waits: true,
    async run(stage) {
      const socket = await stage.socket(bearer(await stage.tokens.token(LIFE_S)), EXPIRY_DEADLINE_MS);
      const id = socket.subscribe(MOVED, { line: stage.stream().line });
      await stage.live(socket, id);
      socket.send({ type: 'ping', payload: bearer(await stage.tokens.token(3_600)) });
      const { payload } = await socket.firstOf('pong');
      const answer = (payload as { authorization?: { accepted?: unknown } } | undefined)?.authorization;
      if (answer?.accepted !== true) throw new Unsupported(`a ping with a token was answered with ${show(payload)}`);
      // Until the first token and every grace for it are over.
      await pause(45_000);
      check(socket.endOf(id) === null, () => `ended with ${show(socket.endOf(id))}`);
      stage.stream().emit();
      same(await socket.data(id), { moved: { seq: 1 } }, 'an event after the first token has ended');
      return show(payload);
    },
  },
  {
    id: 'session/in-band-refusal',
    name: 'a wrong token in band is refused, and the session goes on as it was',
    why: 'A mistake in a renewal must not end what is still valid.',
    level: 'extension',
    needs: 'auth',
    async run(stage) {
      const socket = await stage.socket(bearer(await stage.tokens.token(600)));
      const id = socket.subscribe(MOVED, { line: stage.stream().line });
      await stage.live(socket, id);
      socket.send({ type: 'ping', payload: bearer(await stage.tokens.foreignToken()) });
      const { payload } = await socket.firstOf('pong');
      const answer = (payload as { authorization?: { accepted?: unknown } } | undefined)?.authorization;
      if (typeof answer?.accepted !== 'boolean') throw new Unsupported(`a ping with a token was answered with ${show(payload)}`);
      same(answer.accepted, false, 'accepted');
      stage.stream().emit();
      same(await socket.data(id), { moved: { seq: 1 } }, 'an event afterwards');
      return show(payload);
    },
  },
];
