import type { Viewer } from '@pulsegraph/contracts';
import { createViewerSigner } from '@pulsegraph/kit/viewer';

/** VIEWER_KEY of everything that is started by a test. */
export const TEST_VIEWER_KEY = 'viewer-key-for-tests-only-0123456789abcdef';
export const TEST_INTERNAL_TOKEN = 'internal-token-for-tests-only-0123456789';

/** Ids that builders use unless told otherwise, so that what they build belongs together. */
export const TEST_ORGANIZATION = { id: '0190a000-0000-7000-8000-000000000001', key: 'acme' } as const;
export const OTHER_ORGANIZATION = { id: '0190a000-0000-7000-8000-000000000002', key: 'other' } as const;

/** An administrator of TEST_ORGANIZATION. */
export function aViewer(over: Partial<Viewer> = {}): Viewer {
  return {
    organizationId: TEST_ORGANIZATION.id,
    organizationKey: TEST_ORGANIZATION.key,
    role: 'ADMIN',
    subject: {
      kind: 'USER',
      id: '0190a000-0000-7000-8000-0000000000a1',
      name: 'Ada Admin',
      sessionId: '0190a000-0000-7000-8000-0000000000b1',
    },
    ...over,
  };
}

const sign = createViewerSigner(TEST_VIEWER_KEY);

/** Value of VIEWER_HEADER for a subgraph whose VIEWER_KEY is TEST_VIEWER_KEY. */
export function signedViewer(viewer: Viewer = aViewer()): string {
  return sign(viewer);
}
