import type { Viewer } from '@pulsegraph/contracts';
import { errors } from '@pulsegraph/kit/errors';
import type { SubgraphContext } from '@pulsegraph/kit/subgraph';
import type { ReadingStream } from './live/reading-stream.js';
import type { PipelineService } from './pipeline/pipeline.service.js';
import type { LatestLoader } from './reading/latest.loader.js';

export interface Loaders {
  latest: LatestLoader;
}

/** What resolvers see of an operation. */
export interface TelemetryContext extends SubgraphContext {
  /** Reads in the viewer's organization. @throws UNAUTHENTICATED without a viewer. */
  readonly loaders: Loaders;
  // Subscriptions begin in functions without a resolver instance; they find their services here.
  readonly readingStream: ReadingStream;
  readonly pipeline: PipelineService;
}

export interface TelemetryContextSources {
  loadersOf: (viewer: Viewer) => Loaders;
  readingStream: ReadingStream;
  pipeline: PipelineService;
}

export function createTelemetryContext(
  viewer: Viewer | null,
  requestId: string,
  { loadersOf, readingStream, pipeline }: TelemetryContextSources,
): TelemetryContext {
  let loaders: Loaders | undefined;
  return {
    viewer,
    requestId,
    readingStream,
    pipeline,
    get loaders() {
      if (!viewer) throw errors.unauthenticated();
      return (loaders ??= loadersOf(viewer));
    },
  };
}
