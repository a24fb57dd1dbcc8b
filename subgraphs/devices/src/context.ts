import type { Viewer } from '@pulsegraph/contracts';
import type { SubgraphContext } from '@pulsegraph/kit/subgraph';
import { requireViewer } from '@pulsegraph/kit/viewer';
import { errors } from '@pulsegraph/kit/errors';
import type { DeviceChangeStream } from './change/device-change.stream.js';
import type { Loaders } from './loaders.js';

/** What resolvers see of an operation. */
export interface DevicesContext extends SubgraphContext {
  /** Reads in the viewer's organization. @throws UNAUTHENTICATED without a viewer. */
  readonly loaders: Loaders;
  readonly deviceChanges: DeviceChangeStream;
}

export interface DevicesContextSources {
  loadersOf: (viewer: Viewer, requestId: string) => Loaders;
  deviceChanges: DeviceChangeStream;
}

export function createDevicesContext(
  viewer: Viewer | null,
  requestId: string,
  { loadersOf, deviceChanges }: DevicesContextSources,
): DevicesContext {
  let loaders: Loaders | undefined;
  return {
    viewer,
    requestId,
    deviceChanges,
    get loaders() {
      if (!viewer) throw errors.unauthenticated();
      return (loaders ??= loadersOf(viewer, requestId));
    },
  };
}

/** Changes something for a viewer, whom the field has admitted, and forgets what this operation had read before. */
export async function change<T>(context: DevicesContext, work: (viewer: Viewer) => Promise<T>): Promise<T> {
  const viewer = requireViewer(context.viewer);
  try {
    return await work(viewer);
  } finally {
    context.loaders.clear();
  }
}
