import type { LivePlan } from './live-plan.js';
import type { EndReason, LiveSink } from './live-sink.js';

/** The group a member is in, as far as its operation needs it. */
export interface MemberHome {
  readonly plan: LivePlan;
  leave(member: Member): void;
}

/** One client in a group. */
export interface Member {
  readonly sink: LiveSink;
  /** The last cursor that was sent to the client. */
  cursor: string | null;
  /** Cursors of events that the client has from another group, and that this one has yet to bring. */
  has?: Set<string>;
  /** The group has handed the member over to another one. */
  movedTo(home: MemberHome): void;
  /** The member is out of the group and has been told. */
  onEnded(reason: EndReason): void;
}
