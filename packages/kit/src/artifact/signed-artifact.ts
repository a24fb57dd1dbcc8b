import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { z } from 'zod';

const artifactShape = z.object({
  /** Which graph: `main`, or the name of a contract. */
  variant: z.string(),
  /** Grows with every publish and every rollback, so that an old artifact cannot be passed off as the newest. */
  version: z.number().int().positive(),
  supergraphSdl: z.string().min(1),
  /** Documents by SHA-256, where clients have published theirs. */
  trustedDocuments: z.record(z.string(), z.string()).default({}),
  signature: z.string(),
});

/** What the registry hands out and the gateway runs. */
export type SignedArtifact = z.infer<typeof artifactShape>;
export type Artifact = Omit<SignedArtifact, 'signature'>;

/** An artifact that was not made by the registry as it stands. */
export class ForgedArtifact extends Error {
  override readonly name = 'ForgedArtifact';
}

/** @param privateKey Ed25519, PKCS #8 DER in base64. */
export function createArtifactSigner(privateKey: string): (artifact: Artifact) => SignedArtifact {
  const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' });
  requireEd25519(key);
  return (artifact) => ({ ...artifact, signature: sign(null, signedBytes(artifact), key).toString('base64') });
}

/** The public half of a private key, as `createArtifactVerifier` wants it. */
export function publicKeyOf(privateKey: string): string {
  const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' });
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64');
}

/**
 * @param publicKey Ed25519, SPKI DER in base64.
 * @returns A function from JSON text to the artifact. @throws ForgedArtifact when text is cut off, altered, signed by
 * another key, or of another variant.
 */
export function createArtifactVerifier(publicKey: string, variant: string): (json: string) => SignedArtifact {
  const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
  requireEd25519(key);
  return (json) => {
    let value: unknown;
    try {
      value = JSON.parse(json);
    } catch {
      throw new ForgedArtifact('The artifact is not whole: it is no JSON.');
    }
    const parsed = artifactShape.safeParse(value);
    if (!parsed.success) throw new ForgedArtifact('The artifact is not whole: parts of it are missing.');
    const artifact = parsed.data;
    if (!verify(null, signedBytes(artifact), key, Buffer.from(artifact.signature, 'base64')))
      throw new ForgedArtifact('The signature of the artifact is not that of the registry.');
    if (artifact.variant !== variant) throw new ForgedArtifact(`The artifact is of "${artifact.variant}", not of "${variant}".`);
    return artifact;
  };
}

/** Digests and not texts, each part in a place of its own: no two artifacts have the same bytes. */
function signedBytes({ variant, version, supergraphSdl, trustedDocuments }: Artifact): Buffer {
  const documents = Object.entries(trustedDocuments).sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.from(
    JSON.stringify(['pulsegraph-supergraph-1', variant, version, sha256(supergraphSdl), sha256(JSON.stringify(documents))]),
  );
}

function requireEd25519(key: KeyObject): void {
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('The key of the registry must be an Ed25519 key.');
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
