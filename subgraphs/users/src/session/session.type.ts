import { Field, ObjectType } from 'type-graphql';
import { ViewerView } from '../viewer/viewer.type.js';

@ObjectType({ description: "Browsers use the gateway's /auth routes, which keep the refresh token in a cookie." })
export class Session {
  @Field({ description: 'Sent as `Authorization: Bearer …`; lives ten minutes.' }) accessToken!: string;
  @Field() accessTokenExpiresAt!: Date;
  @Field({ description: 'Works once, for `refreshSession`; lives thirty days.' }) refreshToken!: string;
  @Field() viewer!: ViewerView;
}
