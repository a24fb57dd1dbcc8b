import { compareSeverity } from '@pulsegraph/contracts';
import type { Due } from './compose.js';
import type { Outgoing } from './outcome.js';
import { textOf, titleOf, type MessageText, type Notice, type Template } from './template.js';

const MAX_LISTED = 30;
const REPEAT = 'This may be a repeat: an earlier attempt was given no answer.';

/** What deliveries to one recipient say together. */
export function outgoingOf(
  deliveries: readonly Due[],
  id: string,
  template: Template | undefined,
  publicUrl: string,
  sentAtMs: number,
): Outgoing {
  const [{ recipient }] = deliveries as [Due];
  const notices = deliveries.map(({ notice }) => notice);
  const mayBeRepeat = deliveries.some(({ uncertain }) => uncertain);
  const link = linkOf(notices, publicUrl);
  const { title, text } = notices.length === 1 ? textOf(notices[0]!, link, template) : digestOf(notices, link);
  return { id, recipient, notices, link, mayBeRepeat, sentAtMs, text: { title, text: mayBeRepeat ? `${text}\n\n${REPEAT}` : text } };
}

function linkOf(notices: readonly Notice[], publicUrl: string): string {
  const [{ alertId }] = notices as [Notice];
  return new URL(notices.length === 1 && alertId !== null ? `/alerts/${alertId}` : '/alerts', publicUrl).href;
}

function digestOf(notices: readonly Notice[], link: string): MessageText {
  const [worst] = [...notices].sort((a, b) => compareSeverity(a.severity, b.severity)) as [Notice];
  const listed = notices.slice(0, MAX_LISTED).map((notice) => `${notice.startedAt} ${titleOf(notice)}`);
  const more = notices.length > MAX_LISTED ? [`and ${notices.length - MAX_LISTED} more`] : [];
  return { title: `[${worst.severity}] ${notices.length} notifications`, text: [...listed, ...more, '', link].join('\n') };
}
