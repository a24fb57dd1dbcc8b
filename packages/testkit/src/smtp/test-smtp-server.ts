import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface ReceivedMail {
  to: string[];
  messageId: string;
  subject: string;
  text: string;
}

export interface TestSmtpServer {
  /** MAIL_URL. */
  readonly url: string;
  readonly mails: ReceivedMail[];
  /** Addresses that are refused for good, as a mailbox that does not exist. */
  readonly unknown: Set<string>;
  /** `busy` refuses every recipient for now; `silent` takes the mail and never says so. */
  mood: 'well' | 'busy' | 'silent';
  stop(): Promise<void>;
}

/** A real SMTP server on a port of its own. @param port The same again, to come back after having been down. */
export async function startSmtpServer(port = 0): Promise<TestSmtpServer> {
  const mails: ReceivedMail[] = [];
  const unknown = new Set<string>();
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    closeTimeout: 50,
    onRcptTo({ address }, _session, callback) {
      if (unknown.has(address)) callback(smtpFault(550, 'no such mailbox'));
      else if (smtp.mood === 'busy') callback(smtpFault(451, 'try again later'));
      else callback();
    },
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        mails.push({ to, ...readMail(Buffer.concat(chunks).toString()) });
        if (smtp.mood !== 'silent') callback();
      });
    },
  });
  // A client that goes away in the middle is no fault of the test.
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const smtp: TestSmtpServer = {
    url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    mails,
    unknown,
    mood: 'well',
    stop: () => new Promise((resolve) => void server.close(() => resolve())),
  };
  return smtp;
}

const smtpFault = (responseCode: number, message: string) => Object.assign(new Error(message), { responseCode });

/** As much of MIME as our own mails use: one part of text, and encoded words in the subject. */
function readMail(source: string): Omit<ReceivedMail, 'to'> {
  const end = source.indexOf('\r\n\r\n');
  const headers = source.slice(0, end).replace(/\r\n[ \t]+/g, ' ');
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(headers)?.[1] ?? '';
  const isQuoted = header('Content-Transfer-Encoding') === 'quoted-printable';
  const body = source.slice(end + 4);
  return {
    messageId: header('Message-ID'),
    subject: header('Subject')
      .replace(/\?= =\?/g, '?==?')
      .replace(/=\?UTF-8\?Q\?(.*?)\?=/gi, (_word, text: string) => unquoted(text.replace(/_/g, ' '))),
    text: isQuoted ? unquoted(body.replace(/=\r\n/g, '')) : body,
  };
}

const unquoted = (text: string) =>
  Buffer.from(
    text.replace(/=([0-9A-F]{2})/gi, (_code, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  ).toString();
