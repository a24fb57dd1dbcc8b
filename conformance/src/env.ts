/** What gateways that the suite starts inherit. Only main.ts and the specs ask. */
export const inheritedEnvironment = (): Readonly<Record<string, string | undefined>> => ({ ...process.env });
