import { may, type Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import type { MiddlewareFn } from 'type-graphql';

interface Asking {
  viewer: Viewer | null;
  /** Ids of the person this operation acts for. */
  self: ReadonlySet<string>;
}

/** Guards a field of `User`: an alert may show who acknowledged it without showing that person's address to everyone. */
export const selfOrManager: MiddlewareFn<Asking> = ({ root, context }, next) => {
  const { id } = root as { id: string };
  if (context.self.has(id) || (context.viewer && may(context.viewer.role, 'users:manage'))) return next();
  throw errors.forbidden();
};
