import { Requires } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { Arg, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { TelemetryContext } from '../context.js';
import { Device } from '../reference/reference.type.js';
import type { StateService } from './state.service.js';
import { StateSpan } from './state.type.js';

@Resolver(() => Device)
export class StateResolver {
  constructor(private readonly service: StateService) {}

  @Requires('graph:read')
  @FieldResolver(() => [StateSpan], { description: 'The spans of each word of a TEXT or BOOLEAN metric.' })
  states(
    @Root() { id }: Device,
    @Arg('metric') metric: string,
    @Arg('from', () => Date) from: Date,
    @Arg('to', () => Date) to: Date,
    @Ctx() { viewer, requestId }: TelemetryContext,
  ): Promise<StateSpan[]> {
    return this.service.read(requireViewer(viewer), id, metric, from, to, requestId);
  }
}
