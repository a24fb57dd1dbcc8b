// Verifies parts of an exported audit trail. Needs Node and nothing of Pulsegraph:
//   node verify-audit-export.mjs part-1.json part-2.json …
// Each file is {"content", "signature", "publicKey"} as `exportAuditTrail` gave it, in order.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

const FIELDS = [
  'organizationId',
  'seq',
  'id',
  'at',
  'actorKind',
  'actorId',
  'action',
  'subjectType',
  'subjectId',
  'detail',
  'requestId',
  'sealed',
];
const fail = (why) => {
  console.error(why);
  process.exit(1);
};

let last;
let total = 0;
for (const file of process.argv.slice(2)) {
  const { content, signature, publicKey } = JSON.parse(readFileSync(file, 'utf8'));
  const key = createPublicKey(publicKey);
  if (!verify(null, Buffer.from(content), key, Buffer.from(signature, 'base64'))) fail(`${file}: the signature is not of this content.`);
  const [header, ...events] = content
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  if (events.length !== header.count) fail(`${file}: ${header.count} events announced, ${events.length} found.`);
  if (last !== undefined && last !== header.previousHash) fail(`${file}: does not follow the part before it.`);
  last = header.previousHash;
  for (const event of events) {
    const fields = JSON.stringify(FIELDS.map((name) => event[name]));
    const hash = createHash('sha256').update(`${last}\n${fields}`).digest('hex');
    if (hash !== event.hash) fail(`${file}: event ${event.id} is altered, inserted, or follows one that is missing.`);
    last = hash;
  }
  total += events.length;
  const fingerprint = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
  console.log(`${file}: signed by ${fingerprint}`);
}
console.log(`${total} events hold; the last hash is ${last}.`);
