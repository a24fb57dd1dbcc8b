export interface HealthCheck {
  name: string;
  /** Rejects when the dependency does not answer. */
  check: () => Promise<void>;
  /** A dependency the process can live without for a while: readiness says `degraded`, not `unavailable`. */
  optional?: boolean;
}

export interface HealthReport {
  status: 'ready' | 'degraded' | 'unavailable';
  version: string;
  uptimeSeconds: number;
  dependencies: Record<string, { status: 'up' | 'down'; responseMs: number; error?: string }>;
}

const CHECK_DEADLINE_MS = 2_000;

async function withDeadline(check: HealthCheck): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_DEADLINE_MS} ms`)), CHECK_DEADLINE_MS);
  });
  try {
    await Promise.race([check.check(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks every dependency at once. */
export async function reportHealth(checks: readonly HealthCheck[], version: string): Promise<HealthReport> {
  const results = await Promise.all(
    checks.map(async (check) => {
      const startedAt = performance.now();
      const error = await withDeadline(check).then(
        () => undefined,
        (cause: unknown) => (cause instanceof Error ? cause.message : String(cause)),
      );
      return { check, error, responseMs: Math.round((performance.now() - startedAt) * 10) / 10 };
    }),
  );
  const down = results.filter(({ error }) => error !== undefined);
  const status = down.some(({ check }) => !check.optional) ? 'unavailable' : down.length > 0 ? 'degraded' : 'ready';
  return {
    status,
    version,
    uptimeSeconds: Math.round(process.uptime()),
    dependencies: Object.fromEntries(
      results.map(({ check, error, responseMs }) => [
        check.name,
        { status: error === undefined ? 'up' : 'down', responseMs, ...(error !== undefined && { error }) },
      ]),
    ),
  };
}
