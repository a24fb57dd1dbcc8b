import type { UsersContext } from '../context.js';
import type { ViewerService } from '../viewer/viewer.service.js';
import type { IssuedSession } from './session.service.js';
import type { Session } from './session.type.js';

/** A session as the graph shows it to whoever has just begun or renewed it. */
export class SessionPresenter {
  constructor(private readonly viewers: ViewerService) {}

  async present(issued: IssuedSession, context: UsersContext): Promise<Session> {
    // The password, token or link was the proof: what this answer says of the person is theirs to read.
    if (issued.viewer.subject) context.self.add(issued.viewer.subject.id);
    return { ...issued, viewer: await this.viewers.describe(issued.viewer, context.requestId) };
  }
}
