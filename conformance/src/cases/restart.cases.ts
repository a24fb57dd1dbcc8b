import type { ConformanceCase } from '../suite/case.js';
import { Unsupported, check, same, show } from '../suite/verdict.js';
import { seqsOf } from './resume.cases.js';

const MOVED = 'subscription($line: String!, $after: String) { moved(line: $line, after: $after) { seq } }';

export const restartCases: ConformanceCase[] = [
  {
    id: 'restart/close-code',
    name: 'a gateway that stops closes its sockets with a code, and its subscriptions at the subgraphs',
    why: 'A cut connection looks like a fault; a code says that it is worth coming back.',
    level: 'robustness',
    needs: 'restart',
    async run(stage) {
      const socket = await stage.socket();
      const id = socket.subscribe(MOVED, { line: stage.stream().line });
      await stage.live(socket, id);
      const stopped = stage.control.stop();
      let evidence: string;
      try {
        const { code, reason } = await socket.closed();
        evidence = `${code} ${reason}`.trim();
        check(code !== 1006, 'the connection was cut without a close frame');
        await stage.stream().untilOpen(0);
      } finally {
        await stopped;
        await stage.control.start();
      }
      return evidence;
    },
  },
  {
    id: 'restart/retry-hint',
    name: 'the close says when to come back, and not to everybody the same',
    why: 'Ten thousand clients that come back in one instant knock over what has just started.',
    level: 'extension',
    needs: 'restart',
    async run(stage) {
      const sockets = await Promise.all(Array.from({ length: 10 }, () => stage.socket()));
      const stopped = stage.control.stop();
      try {
        const closes = await Promise.all(sockets.map((socket) => socket.closed()));
        const hints = closes.map(({ reason }) => hintIn(reason));
        if (hints.includes(null)) throw new Unsupported(`closed with ${show(closes[0])}`);
        check(new Set(hints).size > 1, `all of them were told ${hints[0]} ms`);
        return `${closes[0]!.code} ${closes[0]!.reason}`;
      } finally {
        await stopped;
        await stage.control.start();
      }
    },
  },
  {
    id: 'restart/resume',
    name: 'a client that comes back with its cursor has lost nothing and sees nothing twice',
    why: 'Deployments of the gateway happen every week, with people watching.',
    level: 'robustness',
    needs: 'restart',
    async run(stage) {
      const { line } = stage.stream();
      const before = await stage.socket();
      const first = before.subscribe(MOVED, { line });
      await stage.live(before, first);
      stage.stream().emit();
      await before.data(first);
      const stopped = stage.control.stop();
      await before.closed();
      stage.stream().emit();
      await stopped;
      await stage.control.start();
      const seen = seqsOf(before, first, 'moved');
      const after = await stage.socket();
      const second = after.subscribe(MOVED, { line, after: `${line}:${seen.at(-1)}` });
      await stage.live(after, second);
      stage.stream().emit();
      await after.until(() => seqsOf(after, second, 'moved').includes(3) || after.endOf(second) !== null, 'the newest event did not come');
      same([...seen, ...seqsOf(after, second, 'moved')], [1, 2, 3], 'events before and after the restart');
      return undefined;
    },
  },
];

function hintIn(reason: string): number | null {
  try {
    const { retryAfterMs } = JSON.parse(reason) as { retryAfterMs?: unknown };
    return typeof retryAfterMs === 'number' ? retryAfterMs : null;
  } catch {
    return null;
  }
}
