import { FieldResolver, Int, Resolver, Root } from 'type-graphql';
import { AssetConnection, DeviceConnection, DeviceProfileConnection, PatientConnection } from './connection.type.js';

@Resolver(() => DeviceConnection)
export class DeviceConnectionResolver {
  @FieldResolver(() => Int)
  totalCount(@Root() connection: DeviceConnection): Promise<number> {
    return connection.count();
  }
}

@Resolver(() => PatientConnection)
export class PatientConnectionResolver {
  @FieldResolver(() => Int)
  totalCount(@Root() connection: PatientConnection): Promise<number> {
    return connection.count();
  }
}

@Resolver(() => DeviceProfileConnection)
export class DeviceProfileConnectionResolver {
  @FieldResolver(() => Int)
  totalCount(@Root() connection: DeviceProfileConnection): Promise<number> {
    return connection.count();
  }
}

@Resolver(() => AssetConnection)
export class AssetConnectionResolver {
  @FieldResolver(() => Int)
  totalCount(@Root() connection: AssetConnection): Promise<number> {
    return connection.count();
  }
}
