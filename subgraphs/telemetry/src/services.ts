import { createCursorCodec } from '@pulsegraph/kit/cursor';
import type { EventLog } from '@pulsegraph/kit/event-log';
import type { LiveBus } from '@pulsegraph/kit/live-bus';
import type { Log } from '@pulsegraph/kit/log';
import type { RegistryProjection } from '@pulsegraph/kit/registry';
import type { Pool } from 'pg';
import type { ContainerType } from 'type-graphql';
import type { DataSource } from 'typeorm';
import type { Clock } from './clock.js';
import { CompletenessRepository } from './completeness/completeness.repository.js';
import { CompletenessResolver } from './completeness/completeness.resolver.js';
import { CompletenessService } from './completeness/completeness.service.js';
import { DeadLetterRepository } from './dead-letter/dead-letter.repository.js';
import { DeadLetterResolver } from './dead-letter/dead-letter.resolver.js';
import { DeadLetterService } from './dead-letter/dead-letter.service.js';
import { ReplayService } from './dead-letter/replay.service.js';
import { ReadingStream } from './live/reading-stream.js';
import { ReadingsResolver } from './live/readings.resolver.js';
import { StoredBatchRepository } from './live/stored-batch.repository.js';
import { PipelineResolver } from './pipeline/pipeline.resolver.js';
import { PipelineService } from './pipeline/pipeline.service.js';
import { LatestRepository } from './reading/latest.repository.js';
import { LatestService } from './reading/latest.service.js';
import { AssetLatestResolver, DeviceLatestResolver, PatientLatestResolver, ReadingResolver } from './reading/reading.resolver.js';
import { RecordResolver } from './record/record.resolver.js';
import { RecordService } from './record/record.service.js';
import { CoverageService } from './rollup/coverage.service.js';
import { SeriesRepository } from './series/series.repository.js';
import { DeviceSeriesResolver, PatientSeriesResolver, SeriesResolver } from './series/series.resolver.js';
import { SeriesService } from './series/series.service.js';
import { StateRepository } from './state/state.repository.js';
import { StateResolver } from './state/state.resolver.js';
import { StateService } from './state/state.service.js';
import { StatisticsRepository } from './statistics/statistics.repository.js';
import { StatisticsResolver } from './statistics/statistics.resolver.js';
import { StatisticsService } from './statistics/statistics.service.js';

export interface ServiceSources {
  pool: Pool;
  dataSource: DataSource;
  bus: LiveBus;
  eventLog: EventLog;
  projection: RegistryProjection;
  cursorKeys: readonly string[];
  rawRetentionDays: number;
  now: Clock;
  log: Log;
}

export function createServices({ pool, dataSource, bus, eventLog, projection, cursorKeys, rawRetentionDays, now, log }: ServiceSources) {
  const coverage = new CoverageService(pool);
  const latest = new LatestRepository(pool);
  const latestService = new LatestService(latest, projection);
  const series = new SeriesService(new SeriesRepository(pool), coverage, projection, now);
  const statistics = new StatisticsService(new StatisticsRepository(pool), coverage, projection, now);
  const pipeline = new PipelineService(pool, bus);
  const readingStream = new ReadingStream({
    repository: new StoredBatchRepository(pool),
    bus,
    projection,
    cursors: createCursorCodec('readings', cursorKeys),
    log,
  });
  const deadLetters = new DeadLetterRepository(dataSource);
  const resolvers = [
    new SeriesResolver(series),
    new DeviceSeriesResolver(series),
    new PatientSeriesResolver(series, projection),
    new DeviceLatestResolver(),
    new PatientLatestResolver(latestService, projection),
    new AssetLatestResolver(latestService),
    new ReadingResolver(projection),
    new StatisticsResolver(statistics),
    new ReadingsResolver(),
    new PipelineResolver(),
    new DeadLetterResolver(new DeadLetterService(deadLetters), new ReplayService(deadLetters, projection, eventLog, rawRetentionDays, now)),
    new RecordResolver(new RecordService(projection, eventLog, rawRetentionDays, now)),
    new StateResolver(new StateService(new StateRepository(pool), projection)),
    new CompletenessResolver(new CompletenessService(new CompletenessRepository(pool), coverage, projection, now)),
  ];
  return { latest, pipeline, readingStream, container: containerOf(resolvers) };
}

function containerOf(resolvers: readonly object[]): ContainerType {
  const byClass = new Map<unknown, object>(resolvers.map((resolver) => [resolver.constructor, resolver]));
  return { get: (someClass) => byClass.get(someClass) };
}
