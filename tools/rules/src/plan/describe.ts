import type { Plan } from './plan.js';

const SIGNS = { create: '+', update: '~', delete: '-' } as const;

/** As people read it. What is in a new channel is left out: it may hold secrets. */
export function describePlan({ changes, kept }: Plan): string[] {
  const lines = changes.flatMap((change) => [
    `${SIGNS[change.action]} ${change.action} ${change.kind} "${change.name}"`,
    ...('differences' in change ? change.differences.map((difference) => `    ${difference}`) : []),
  ]);
  const count = (action: keyof typeof SIGNS) => changes.filter((change) => change.action === action).length;
  return [
    ...lines,
    ...kept.map((reason) => `  stays: ${reason}`),
    changes.length === 0 ? 'No difference.' : `${count('create')} to create, ${count('update')} to update, ${count('delete')} to delete.`,
  ];
}
