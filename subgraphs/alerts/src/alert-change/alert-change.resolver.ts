import { Cursor } from '@pulsegraph/kit/scalars';
import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { Arg, Directive, Resolver, Root, Subscription } from 'type-graphql';
import { AlertFilterInput } from '../alert/alert-filter.input.js';
import type { AlertsContext } from '../context.js';
import { AlertChange } from './alert-change.type.js';

interface AlertChangedArgs {
  filter?: AlertFilterInput | null;
  after?: string | null;
}

async function subscribe({
  args,
  context,
}: {
  args: AlertChangedArgs;
  context: AlertsContext;
}): Promise<AsyncIterableIterator<AlertChange>> {
  return context.alertFeed.follow(requireViewer(context.viewer), args.filter ?? {}, args.after ?? null);
}

@Resolver(() => AlertChange)
export class AlertChangeResolver {
  @Requires('graph:read')
  @Directive('@delivery(policy: KEEP_ALL, bound: 10000)')
  @Directive('@resume(argument: "after", cursor: "cursor")')
  @Subscription(() => AlertChange, {
    description: 'Every transition that matches the filter before or after it. With `after`, first those since the cursor, then live.',
    subscribe,
  })
  alertChanged(
    @Root() change: AlertChange,
    @Arg('filter', () => AlertFilterInput, { nullable: true }) filter: AlertFilterInput | null,
    @Arg('after', () => Cursor, { nullable: true }) after: string | null,
  ): AlertChange {
    // Arguments of the schema; `subscribe` has used them.
    void [filter, after];
    return change;
  }
}
