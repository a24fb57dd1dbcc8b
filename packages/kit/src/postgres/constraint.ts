function violates(error: unknown, code: string, constraint?: string): boolean {
  if (typeof error !== 'object' || error === null) return false;
  // TypeORM wraps the driver's error and copies its fields.
  const fault = error as { code?: unknown; constraint?: unknown; driverError?: { code?: unknown; constraint?: unknown } };
  const found = { code: fault.code ?? fault.driverError?.code, constraint: fault.constraint ?? fault.driverError?.constraint };
  return found.code === code && (constraint === undefined || found.constraint === constraint);
}

/** Between two concurrent callers only the index decides: insert, then ask this. */
export const isUniqueViolation = (error: unknown, constraint?: string) => violates(error, '23505', constraint);
export const isForeignKeyViolation = (error: unknown, constraint?: string) => violates(error, '23503', constraint);
export const isExclusionViolation = (error: unknown, constraint?: string) => violates(error, '23P01', constraint);
