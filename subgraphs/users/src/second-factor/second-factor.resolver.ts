import { OpenTo } from '@pulsegraph/kit/subgraph';
import { Arg, Ctx, Field, Mutation, ObjectType, Resolver } from 'type-graphql';
import type { UsersContext } from '../context.js';
import { MfaRemovalService } from './mfa-removal.service.js';
import { SecondFactorService } from './second-factor.service.js';

@ObjectType()
export class MfaEnrollment {
  @Field({ description: 'For a QR code: what an authenticator app scans.' }) otpauthUrl!: string;
  @Field(() => [String], { description: 'Each replaces one one-time password. Shown once; keep them somewhere safe.' })
  recoveryCodes!: string[];
}

@Resolver(() => MfaEnrollment)
export class SecondFactorResolver {
  constructor(
    private readonly secondFactor: SecondFactorService,
    private readonly removal: MfaRemovalService,
  ) {}

  @OpenTo('SIGNED_IN')
  @Mutation(() => MfaEnrollment, {
    description: 'Begins a second factor; it counts once `confirmMfa` has shown that the app works. Fails with CONFLICT when there is one.',
  })
  enrollMfa(@Ctx() { viewer }: UsersContext): Promise<MfaEnrollment> {
    return this.secondFactor.enroll(viewer);
  }

  @OpenTo('SIGNED_IN')
  @Mutation(() => Boolean, { description: 'From now on signing in asks for a one-time password.' })
  async confirmMfa(@Arg('otp') otp: string, @Ctx() { viewer }: UsersContext): Promise<boolean> {
    await this.secondFactor.confirm(viewer, otp);
    return true;
  }

  @OpenTo('SIGNED_IN')
  @Mutation(() => Boolean, {
    description: 'Gives the second factor up, for a new phone or for good. Fails as signing in does, and with CONFLICT when there is none.',
  })
  async disableMfa(@Arg('password') password: string, @Arg('otp') otp: string, @Ctx() { viewer }: UsersContext): Promise<boolean> {
    await this.removal.remove(viewer, password, otp);
    return true;
  }
}
