import { pino, type Logger } from 'pino';

export type Log = Logger;

/** Names whose values never reach a log, wherever they stand in an object. */
const SECRET_FIELDS = ['password', 'token', 'accessToken', 'refreshToken', 'authorization', 'cookie', 'secret', 'otp', 'tokenHash'];

/** Who somebody is belongs into no log either; ids are enough to find out, for those who may. */
const PERSONAL_FIELDS = ['email', 'displayName', 'recordNumber', 'birthDate', 'actorName'];
const REDACTED_FIELDS = [...SECRET_FIELDS, ...PERSONAL_FIELDS];

/** JSON lines on standard output. */
export function createLog(name: string, level = 'info'): Log {
  return pino({
    name,
    level,
    base: { service: name },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: REDACTED_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: '[redacted]' },
  });
}

/** For tests and tools that must stay quiet. */
export const silentLog: Log = pino({ level: 'silent' });
