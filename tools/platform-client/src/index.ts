/** A person, who signs in; or a token that is at hand: an access token or an API key. */
export type Account = { email: string; password: string } | { token: string };

/** The platform as an outsider reaches it: GraphQL over HTTP with an access token. */
export class PlatformClient {
  private accessToken: string | undefined;
  private renewAtMs = 0;

  constructor(
    private readonly url: string,
    private readonly account: Account,
  ) {}

  /** @throws Error with the platform's own sentence and code. */
  async request<T>(query: string, variables: Record<string, unknown> = {}): Promise<T> {
    return this.send<T>(query, variables, { authorization: `Bearer ${await this.token()}` });
  }

  private async token(): Promise<string | undefined> {
    if ('token' in this.account) return this.account.token;
    if (Date.now() > this.renewAtMs) await this.signIn(this.account);
    return this.accessToken;
  }

  private async signIn(account: { email: string; password: string }): Promise<void> {
    const { signIn } = await this.send<{ signIn: { accessToken: string; accessTokenExpiresAt: string } }>(
      'mutation ($email: String!, $password: String!) { signIn(email: $email, password: $password) { accessToken accessTokenExpiresAt } }',
      account,
      {},
    );
    this.accessToken = signIn.accessToken;
    this.renewAtMs = Date.parse(signIn.accessTokenExpiresAt) - 30_000;
  }

  private async send<T>(query: string, variables: Record<string, unknown>, headers: Record<string, string>): Promise<T> {
    const response = await fetch(new URL('/graphql', this.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json', ...headers },
      body: JSON.stringify({ query, variables }),
    }).catch((error: unknown) => {
      throw new Error(`Nothing answers at ${this.url}; is Pulsegraph running? (${String((error as Error).message)})`);
    });
    const body = (await response.json()) as { data?: T; errors?: { message: string; extensions?: { code?: string } }[] };
    const [error] = body.errors ?? [];
    if (error) throw new Error(`${error.extensions?.code ?? 'ERROR'}: ${error.message}`);
    return body.data as T;
  }
}
