import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createMailer } from './mailer.js';

const MAIL = { to: 'ada@demo.test', subject: 'Grüße', text: 'Hello\n.\nhttps://localhost/#token=abc' };

/** As much of RFC 5321 as a client needs to hand over a mail. */
function smtpServer(refuse: boolean): Promise<{ server: Server; port: number; received: string[] }> {
  const received: string[] = [];
  const server = createServer((socket) => {
    let data: string | null = null;
    socket.write('220 test\r\n');
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      if (data !== null) {
        data += chunk.toString();
        if (!data.endsWith('\r\n.\r\n')) return;
        received.push(data);
        data = null;
        return void socket.write('250 taken\r\n');
      }
      for (const line of chunk.toString().split('\r\n').filter(Boolean)) {
        if (line === 'DATA') data = '';
        socket.write(line === 'DATA' ? '354 go on\r\n' : line.startsWith('RCPT') && refuse ? '550 no such box\r\n' : '250 ok\r\n');
      }
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve({ server, port: (server.address() as AddressInfo).port, received }));
  });
}

it('hands a mail over by SMTP, and says when the server does not take it', async () => {
  for (const refuse of [false, true]) {
    const { server, port, received } = await smtpServer(refuse);
    const mailer = createMailer(`smtp://127.0.0.1:${port}`, 'Pulsegraph <no-reply@demo.test>');
    if (refuse) await expect(mailer.send(MAIL)).rejects.toThrow(/550/);
    else await mailer.send(MAIL);
    mailer.close();
    server.close();
    expect(received).toHaveLength(refuse ? 0 : 1);
    if (!refuse) expect(received[0]).toMatch(/^From: Pulsegraph <no-reply@demo\.test>\r\nTo: ada@demo\.test\r\nSubject: =\?UTF-8\?/);
  }
});

it('writes a mail into a folder, one file each', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pulsegraph-mail-'));
  const mailer = createMailer(pathToFileURL(join(folder, 'outbox')).href, 'no-reply@demo.test');
  await mailer.send(MAIL);
  await mailer.send(MAIL);
  const files = await readdir(join(folder, 'outbox'));
  expect(files).toHaveLength(2);
  expect(await readFile(join(folder, 'outbox', files[0]!), 'utf8')).toContain('https://localhost/#token=');
  await rm(folder, { recursive: true });
});

it('keeps a line break in an address or subject from becoming a header', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pulsegraph-mail-'));
  const mailer = createMailer(pathToFileURL(folder).href, 'no-reply@demo.test');
  await mailer.send({ ...MAIL, subject: 'x\r\nBcc: eve@demo.test' });
  const [file] = await readdir(folder);
  expect(await readFile(join(folder, file!), 'utf8')).not.toMatch(/^Bcc:/m);
  await rm(folder, { recursive: true });
});
