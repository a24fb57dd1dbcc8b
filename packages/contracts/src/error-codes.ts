/**
 * Every `extensions.code` this platform can return, and what the reader should do. Public API: never reused, never
 * renamed. docs/reference/errors.md lists the same codes; a test compares both ways.
 */
export const ERROR_CODES = {
  UNAUTHENTICATED: 'Sign in, or send a valid token.',
  FORBIDDEN: 'Ask an administrator for a role that may do this.',
  NOT_FOUND: 'Check the id: nothing you may see has it.',
  CONFLICT: 'Read the current state and try again.',
  BAD_USER_INPUT: 'Correct the input at the path named.',
  CURSOR_EXPIRED: 'Start again without the cursor; what lies between must be read by query.',
  SESSION_EXPIRED: 'Sign in again.',
  RATE_LIMITED: 'Wait for retryAfterMs, then try again.',
  OPERATION_TOO_COSTLY: 'Ask for less: fewer fields, smaller pages, less depth.',
  INTERNAL_SERVER_ERROR: 'Try again; if it stays, report the request id.',
  SERVICE_UNAVAILABLE: 'A part of the platform is away; try again shortly.',
  EDGE_UNAVAILABLE: 'The MQTT edge could not be told of the credential; nothing was changed, try again.',
  GRAPHQL_PARSE_FAILED: 'Correct the GraphQL document.',
  GRAPHQL_VALIDATION_FAILED: 'Correct the GraphQL document; it does not fit the schema.',
  INVALID_CREDENTIALS: 'Check e-mail and password.',
  ACCOUNT_LOCKED: 'Too many failed sign-ins; wait for retryAfterMs.',
  MFA_REQUIRED: 'The password was right; send the one-time password too.',
  LINK_EXPIRED: 'The link was used, withdrawn or is too old; ask for a new one.',
  DEVICE_KEY_TAKEN: 'Choose another key; a key is never reused within an organization.',
  PROFILE_KEY_TAKEN: 'Choose another profile key.',
  ASSIGNMENT_OVERLAPS: 'End the other assignment first, or choose another interval.',
  ALERT_ALREADY_ACKNOWLEDGED: 'Somebody was first; read the alert to see who.',
  ALERT_ALREADY_RESOLVED: 'The alert is resolved; nothing is left to do.',
  SLOW_CONSUMER: 'The client read too slowly for this stream; resume with the last cursor.',
  DEADLINE_EXCEEDED: 'The operation took too long; ask for less, or try again.',
  PAYLOAD_TOO_LARGE: 'Send a smaller request; the limit is in `allowed`, in bytes.',
  TOO_MANY_SUBSCRIPTIONS: 'End other subscriptions first; the limit is in `allowed`.',
  PERSISTED_QUERY_NOT_FOUND: 'Send the whole document once, with the hash.',
  OPERATION_NOT_TRUSTED: 'Only documents registered beforehand are run here.',
  OPERATION_NO_LONGER_VALID: 'The schema has changed under this subscription; correct the document.',
  STALE_BASE: 'Somebody published meanwhile: build on the version named in `current`, check and publish again.',
  COMPOSITION_FAILED: 'Correct the schema at the places named in `faults`.',
  BREAKING_CHANGE: 'Somebody uses what goes away: keep it, or have the owner approve the change.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;
