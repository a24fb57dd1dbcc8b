const ANSWER_DEADLINE_MS = 10_000;

export interface HttpFeedOptions {
  /** Of the process that serves the feed, for example `http://devices:4001`. */
  url: string;
  internalToken: string;
}

/** `GET {url}{path}?since=N` with the internal token. Throws when the answer is not 200 within 10 s. */
export async function fetchFeed<Page>({ url, internalToken }: HttpFeedOptions, path: string, since: number): Promise<Page> {
  const address = new URL(path, url);
  address.searchParams.set('since', String(since));
  const response = await fetch(address, {
    headers: { authorization: `Bearer ${internalToken}` },
    signal: AbortSignal.timeout(ANSWER_DEADLINE_MS),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`${address.origin}${path} answered ${response.status}.`);
  }
  return (await response.json()) as Page;
}
