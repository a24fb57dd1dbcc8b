import type { ConformanceCase } from '../suite/case.js';
import { Unsupported, check, same, show } from '../suite/verdict.js';

const MOVED = 'subscription($line: String!, $after: String) { moved(line: $line, after: $after) { seq parcel { name } } }';

export const sseCases: ConformanceCase[] = [
  {
    id: 'sse/events',
    name: 'a subscription over SSE: next for each event, complete at the end',
    why: 'Where WebSockets do not get through, SSE does: it is plain HTTP.',
    level: 'specification',
    async run(stage) {
      const events = stage.eventStream(MOVED, { line: stage.stream().line });
      await stage.stream().untilOpen(1);
      check(events.contentType.startsWith('text/event-stream') || events.contentType === '', `content-type ${events.contentType}`);
      stage.stream().emit({ parcel: 'p1' });
      same((await events.result()).data, { moved: { seq: 1, parcel: { name: 'Parcel p1' } } }, 'the event');
      stage.stream().end();
      same((await events.next()).event, 'complete', 'after the last event');
      await events.untilEnded();
      return undefined;
    },
  },
  {
    id: 'sse/get',
    name: 'a subscription over SSE by GET, as EventSource asks',
    why: 'A browser’s EventSource knows only GET.',
    level: 'specification',
    async run(stage) {
      const events = stage.eventStream(MOVED, { line: stage.stream().line }, { method: 'GET' });
      await stage.stream().untilOpen(1);
      stage.stream().emit({ parcel: 'p2' });
      same((await events.result()).data, { moved: { seq: 1, parcel: { name: 'Parcel p2' } } }, 'the event');
      return undefined;
    },
  },
  {
    id: 'sse/query',
    name: 'a query over SSE: one next, one complete',
    why: 'The protocol carries every kind of operation.',
    level: 'specification',
    async run(stage) {
      const events = stage.eventStream('{ parcel(id: "p3") { name } }');
      same((await events.result()).data, { parcel: { name: 'Parcel p3' } }, 'the result');
      same((await events.next()).event, 'complete', 'after the result');
      return undefined;
    },
  },
  {
    id: 'sse/errors-in-next',
    name: 'a document that does not validate: its errors come as a next of an accepted stream',
    why: 'EventSource shows nothing of an answer with status 400: the client would never learn what is wrong.',
    level: 'specification',
    async run(stage) {
      const events = stage.eventStream('subscription { nothingOfThatName { a } }');
      const { event, data } = await events.next();
      same(events.status, 200, 'status');
      check(event === 'next', `instead of next came ${show({ event, data })}`);
      check(Array.isArray((data as { errors?: unknown }).errors), `no errors in ${show(data)}`);
      return undefined;
    },
  },
  {
    id: 'sse/leave',
    name: 'on a quiet stream, the client’s disconnect ends the subscription at the subgraph',
    why: 'There is no other way to unsubscribe here.',
    level: 'robustness',
    async run(stage) {
      const events = stage.eventStream(MOVED, { line: stage.stream().line });
      await stage.stream().untilOpen(1);
      events.leave();
      await stage.stream().untilOpen(0);
      return undefined;
    },
  },
  {
    id: 'sse/last-event-id',
    name: 'the event id is the cursor, and Last-Event-ID resumes: nothing lost, nothing repeated',
    why: 'EventSource sends the header by itself when it reconnects; a browser then resumes without a line of code.',
    level: 'extension',
    async run(stage) {
      const query = 'subscription($line: String!) { moved(line: $line) { seq } }';
      const { line } = stage.stream();
      const first = stage.eventStream(query, { line });
      await stage.stream().untilOpen(1);
      stage.stream().emit();
      const { id } = await first.next();
      if (id === undefined) throw new Unsupported('events have no id');
      first.leave();
      await stage.stream().untilOpen(0);
      stage.stream().emit();
      stage.stream().emit();
      const second = stage.eventStream(query, { line }, { headers: { 'last-event-id': id } });
      await stage.stream().untilOpen(1);
      stage.stream().emit();
      for (const seq of [2, 3, 4]) same((await second.result()).data, { moved: { seq } }, 'the resumed stream');
      return undefined;
    },
  },
];
