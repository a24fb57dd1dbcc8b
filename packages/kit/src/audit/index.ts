export * from './audited.js';
export { noteForAudit, type AuditNote } from './note.js';
export { createAuditOutbox } from './outbox.js';
export * from './sink.js';
