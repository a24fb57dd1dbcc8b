import { createServer } from 'node:http';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';

type SigningKey = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];

export interface TokenClaims {
  issuer: string;
  audience: string;
  subject: string;
  /** Whatever else the gateway asks for. */
  more: Record<string, unknown>;
}

/** Signs tokens, and serves the key to check them at `/.well-known/jwks.json`. */
export interface TokenIssuer {
  readonly url: string;
  readonly jwksUrl: string;
  token(lifeS: number): Promise<string>;
  /** Signed with a key that nobody knows. */
  foreignToken(): Promise<string>;
  stop(): Promise<void>;
}

export async function startTokenIssuer(algorithm: 'EdDSA' | 'RS256', claims: TokenClaims, port = 0): Promise<TokenIssuer> {
  const pair = () => (algorithm === 'EdDSA' ? generateKeyPair('EdDSA', { crv: 'Ed25519' }) : generateKeyPair('RS256'));
  const [ours, foreign] = await Promise.all([pair(), pair()]);
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(ours.publicKey)), kid: 'conformance', alg: algorithm, use: 'sig' }] });
  const server = createServer((request, response) => {
    const found = request.url === '/.well-known/jwks.json';
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
    response.end(found ? jwks : '{}');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  const sign = (key: SigningKey, lifeS: number) =>
    new SignJWT(claims.more)
      .setProtectedHeader({ alg: algorithm, kid: 'conformance' })
      .setIssuer(claims.issuer)
      .setAudience(claims.audience)
      .setSubject(claims.subject)
      .setIssuedAt()
      .setExpirationTime(Math.floor(Date.now() / 1_000) + lifeS)
      .sign(key);
  return {
    url,
    jwksUrl: `${url}/.well-known/jwks.json`,
    token: (lifeS) => sign(ours.privateKey, lifeS),
    foreignToken: () => sign(foreign.privateKey, 600),
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
