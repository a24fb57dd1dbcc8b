import type { DueDelivery } from './delivery.store.js';

/** Why nobody need hear of it any more; null where somebody should. What was begun is finished, except escalation. */
export function mootBecause({ stage, attempts, held, alertStatus, silenced, told }: DueDelivery): string | null {
  if (stage === 'test') return null;
  if (stage === 'resolved') return told || attempts > 0 ? null : 'Nobody was told of the alert, so nobody is told of its end.';
  const isOpen = alertStatus === 'TRIGGERED' || alertStatus === 'ESCALATED';
  if (stage !== '0' && !isOpen) return `The alert was ${alertStatus === 'RESOLVED' ? 'resolved' : 'acknowledged'} before this step.`;
  if (attempts > 0) return null;
  if (silenced) return 'The alert was silenced before this was sent.';
  if (held !== null && alertStatus === 'RESOLVED') return 'The alert was resolved while this was held back.';
  return null;
}
