import type { PlatformClient } from '@pulsegraph/platform-client';
import { everyPage } from './pages.js';

type Ancestry = { name: string; parent: { id: string } | null };

/** Ids, which differ between installations, to and from the names people use. Each is asked for once. */
export class References {
  private readonly asked = new Map<string, Promise<unknown>>();

  constructor(private readonly platform: PlatformClient) {}

  async deviceKey(id: string): Promise<string> {
    const { device } = await this.ask<{ device: { key: string } | null }>('query ($id: ID!) { device(id: $id) { key } }', { id });
    return found(device, `device with the id ${id}`).key;
  }

  async deviceId(key: string): Promise<string> {
    const { deviceByKey } = await this.ask<{ deviceByKey: { id: string } | null }>(
      'query ($key: String!) { deviceByKey(key: $key) { id } }',
      { key },
    );
    return found(deviceByKey, `device "${key}"`).id;
  }

  async profileKey(id: string): Promise<string> {
    return found(
      (await this.profiles()).find((profile) => profile.id === id),
      `profile with the id ${id}`,
    ).key;
  }

  async profileId(key: string): Promise<string> {
    return found(
      (await this.profiles()).find((profile) => profile.key === key),
      `profile "${key}"`,
    ).id;
  }

  /** The names from the root of the tree down. */
  async assetPath(id: string): Promise<string[]> {
    const path: string[] = [];
    for (let at: string | undefined = id; at !== undefined;) {
      const { name, parent }: Ancestry = await this.asset(at);
      path.unshift(name);
      at = parent?.id;
    }
    return path;
  }

  private async asset(id: string): Promise<Ancestry> {
    const { asset } = await this.ask<{ asset: Ancestry | null }>('query ($id: ID!) { asset(id: $id) { name parent { id } } }', { id });
    return found(asset, `asset with the id ${id}`);
  }

  async assetId(path: readonly string[]): Promise<string> {
    let parentId: string | null = null;
    for (const [depth, name] of path.entries()) {
      const siblings: { id: string; name: string }[] = await this.once(`assets ${parentId}`, () =>
        everyPage(
          this.platform,
          'assets',
          'query ($parentId: ID, $after: String) { assets(parentId: $parentId, after: $after) { nodes { id name } pageInfo { hasNextPage endCursor } } }',
          { parentId },
        ),
      );
      const fits = siblings.filter((each) => each.name === name);
      if (fits.length > 1) throw new Error(`Two assets are called "${path.slice(0, depth + 1).join(' › ')}": rename one.`);
      parentId = found(fits[0], `asset "${path.slice(0, depth + 1).join(' › ')}"`).id;
    }
    return parentId!;
  }

  /** Only administrators see addresses. */
  async userEmail(id: string): Promise<string> {
    return found(
      (await this.users()).find((user) => user.id === id),
      `user with the id ${id}`,
    ).email;
  }

  async userId(email: string): Promise<string> {
    return found(
      (await this.users()).find((user) => user.email === email),
      `user "${email}"`,
    ).id;
  }

  private profiles = () =>
    this.once('profiles', () =>
      everyPage<{ id: string; key: string }>(
        this.platform,
        'deviceProfiles',
        'query ($after: String) { deviceProfiles(after: $after) { nodes { id key } pageInfo { hasNextPage endCursor } } }',
      ),
    );

  private users = () =>
    this.once('users', () =>
      everyPage<{ id: string; email: string }>(
        this.platform,
        'users',
        'query ($after: String) { users(after: $after) { nodes { id email } pageInfo { hasNextPage endCursor } } }',
      ),
    );

  private ask<T>(query: string, variables: Record<string, unknown>): Promise<T> {
    return this.once(`${query} ${JSON.stringify(variables)}`, () => this.platform.request<T>(query, variables));
  }

  private once<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const answer = this.asked.get(key) ?? ask();
    this.asked.set(key, answer);
    return answer as Promise<T>;
  }
}

function found<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`There is no ${what} here.`);
  return value;
}
