export { formatDocument, parseDocument, type RulesDocument } from './document.js';
export { planChanges, type Change, type Plan } from './plan/plan.js';
