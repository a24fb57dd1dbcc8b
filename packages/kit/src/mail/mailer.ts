import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createTransport } from 'nodemailer';

export interface Mail {
  to: string;
  subject: string;
  /** Plain text; nothing in it can be taken for markup. */
  text: string;
  /** The same for every attempt to send the same mail, so that a mailbox can tell a repeat: `<id@host>`. */
  messageId?: string;
}

export interface Mailer {
  /** Resolves when the next server has taken the mail; rejects when it has not. */
  send(mail: Mail): Promise<void>;
  close(): void;
}

const DEADLINE_MS = 10_000;

/**
 * @param url `smtp://user:password@host:587`, `smtps://…`, or `file:///folder` where each mail becomes an .eml file.
 * @param from For example `Pulsegraph <alerts@example.org>`.
 * @param deadlineMs How long a server may be silent at each point of the conversation.
 */
export function createMailer(url: string, from: string, deadlineMs = DEADLINE_MS): Mailer {
  return new URL(url).protocol === 'file:' ? fileMailer(fileURLToPath(url), from) : smtpMailer(url, from, deadlineMs);
}

function smtpMailer(url: string, from: string, deadlineMs: number): Mailer {
  const transport = createTransport({
    url,
    pool: true,
    connectionTimeout: deadlineMs,
    greetingTimeout: deadlineMs,
    socketTimeout: deadlineMs,
  });
  return {
    send: async (mail) => void (await transport.sendMail({ ...mail, from })),
    close: () => transport.close(),
  };
}

function fileMailer(folder: string, from: string): Mailer {
  const transport = createTransport({ streamTransport: true, buffer: true });
  return {
    send: async (mail) => {
      const { message } = await transport.sendMail({ ...mail, from });
      await mkdir(folder, { recursive: true });
      // Invitations and resets hold links that open an account.
      await writeFile(join(folder, `${Date.now()}-${randomUUID()}.eml`), message as Buffer, { mode: 0o600 });
    },
    close: () => transport.close(),
  };
}
