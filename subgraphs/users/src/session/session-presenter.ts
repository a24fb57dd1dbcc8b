import { noteForAudit } from '@pulsegraph/kit/audit';
import type { UsersContext } from '../context.js';
import type { ViewerService } from '../viewer/viewer.service.js';
import type { IssuedSession } from './session.service.js';
import type { Session } from './session.type.js';

/** A session as the graph shows it to whoever has just begun or renewed it. */
export class SessionPresenter {
  constructor(private readonly viewers: ViewerService) {}

  async present(issued: IssuedSession, context: UsersContext): Promise<Session> {
    // The password, token or link was the proof: what this answer says of the person is theirs to read.
    const { subject, organizationId } = issued.viewer;
    if (subject) {
      context.self.add(subject.id);
      noteForAudit(context, { organizationId, actor: subject, subject: { type: 'User', id: subject.id } });
    }
    return { ...issued, viewer: await this.viewers.describe(issued.viewer, context.requestId) };
  }
}
