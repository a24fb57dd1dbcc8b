import { buildFederatedSchema } from '@pulsegraph/kit/subgraph';
import type { GraphQLSchema } from 'graphql';
import type { ContainerType } from 'type-graphql';
import type { TelemetryContext } from './context.js';
import { CompletenessResolver } from './completeness/completeness.resolver.js';
import { DeadLetterResolver } from './dead-letter/dead-letter.resolver.js';
import { ReadingsResolver } from './live/readings.resolver.js';
import { PipelineResolver } from './pipeline/pipeline.resolver.js';
import { AssetLatestResolver, DeviceLatestResolver, PatientLatestResolver, ReadingResolver } from './reading/reading.resolver.js';
import { RecordResolver } from './record/record.resolver.js';
import { DeviceSeriesResolver, PatientSeriesResolver, SeriesResolver } from './series/series.resolver.js';
import { StateResolver } from './state/state.resolver.js';
import { StatisticsResolver } from './statistics/statistics.resolver.js';

const unserved: ContainerType = {
  get: () => {
    throw new Error('This schema was built to be printed; it has no services.');
  },
};

/** @param container Holds the resolvers. Without one the schema can be printed and composed, not executed. */
export function buildTelemetrySchema(container: ContainerType = unserved): GraphQLSchema {
  return buildFederatedSchema<TelemetryContext>({
    live: true,
    resolvers: [
      SeriesResolver,
      DeviceSeriesResolver,
      PatientSeriesResolver,
      DeviceLatestResolver,
      PatientLatestResolver,
      AssetLatestResolver,
      ReadingResolver,
      StatisticsResolver,
      ReadingsResolver,
      PipelineResolver,
      DeadLetterResolver,
      RecordResolver,
      StateResolver,
      CompletenessResolver,
    ],
    container,
    // Entities answer with themselves: whose they are shows when their readings are read, by row-level security and the registry.
  });
}
