import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { AlertsContext } from '../context.js';
import type { PushSubscriptionService } from './push-subscription.service.js';

@Resolver()
export class PushSubscriptionResolver {
  constructor(private readonly service: PushSubscriptionService) {}

  @Requires('graph:read')
  @Query(() => String, {
    nullable: true,
    description: 'The `applicationServerKey` for a browser to subscribe with; null until a notifier has run.',
  })
  pushPublicKey(): Promise<string | null> {
    return this.service.publicKey();
  }

  @Requires('graph:read')
  @Mutation(() => Boolean, { description: "Sends the viewer's web push notifications to this browser too." })
  async registerPushSubscription(
    @Arg('endpoint') endpoint: string,
    @Arg('p256dh') p256dh: string,
    @Arg('auth') auth: string,
    @Ctx() { viewer }: AlertsContext,
  ): Promise<boolean> {
    await this.service.register(requireViewer(viewer), { endpoint, p256dh, auth });
    return true;
  }
}
