import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from './process.js';

export interface ComposeService {
  name: string;
  image?: string;
  command: string[];
  environment: Record<string, string>;
  /** Services it waits for. */
  dependsOn: string[];
  profiles: string[];
}

/** `${NAME}`, `${NAME:-default}` and `${NAME:?}`, as compose reads them. */
export function interpolate(text: string, variables: Record<string, string>): string {
  return text.replace(
    /\$\$|\$\{([A-Z0-9_]+)(?::([-?])([^}]*))?\}/g,
    (whole, name: string | undefined, operator?: string, fallback = '') => {
      if (name === undefined) return whole === '$$' ? '$' : whole;
      const value = variables[name];
      if (value) return value;
      if (operator === '?') throw new Error(`docker-compose.yml needs ${name}`);
      return operator === '-' ? fallback : '';
    },
  );
}

/** The file itself is what the distributed test runs: what it forgets, the test lacks. */
export function readCompose(variables: Record<string, string>): ComposeService[] {
  const file = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
    services: Record<string, Record<string, unknown>>;
  };
  return Object.entries(file.services).map(([name, service]) => ({
    name,
    image: service.image as string | undefined,
    command: ((service.command as string[] | undefined) ?? []).map((part) => interpolate(part, variables)),
    environment: Object.fromEntries(
      Object.entries((service.environment as Record<string, unknown> | undefined) ?? {}).map(([key, value]) => [
        key,
        interpolate(String(value), variables),
      ]),
    ),
    dependsOn: Object.keys((service.depends_on as Record<string, unknown> | undefined) ?? {}),
    profiles: (service.profiles as string[] | undefined) ?? [],
  }));
}
