/** The demo organization's accounts, one per role, and what each is good for. */
export const DEMO_ACCOUNTS = [
  { email: 'admin@demo.test', may: 'everything, users included' },
  { email: 'engineer@demo.test', may: 'devices, profiles and rules' },
  { email: 'operator@demo.test', may: 'acknowledges and resolves alerts' },
  { email: 'clinician@demo.test', may: 'as operator, and sees patients' },
  { email: 'viewer@demo.test', may: 'reads, but no patients' },
] as const;

export interface BannerFacts {
  url: string;
  mqttUrl: string;
  dataDir: string;
  /** Null outside demo mode. */
  demoPassword: string | null;
  firstAdminEmail: string | null;
}

/** What a person needs to begin, printed once when everything answers. */
export function banner({ url, mqttUrl, dataDir, demoPassword, firstAdminEmail }: BannerFacts): string {
  const lines = ['', `Pulsegraph is ready at ${url}`, ''];
  if (demoPassword) {
    lines.push(`  Demo accounts, all with the password  ${demoPassword}`);
    for (const { email, may } of DEMO_ACCOUNTS) lines.push(`    ${email.padEnd(22)}${may}`);
  } else if (firstAdminEmail) lines.push(`  Sign in as ${firstAdminEmail} with ADMIN_PASSWORD.`);
  else lines.push('  Nobody can sign in yet: start with DEMO=on, or with ADMIN_EMAIL and ADMIN_PASSWORD.');
  lines.push('', `  Devices   ${mqttUrl}`, `  Data      ${dataDir}`, '', '  Ctrl-C ends it.', '');
  return lines.join('\n');
}
