import { DomainError } from '@pulsegraph/kit/errors';
import type { Log } from '@pulsegraph/kit/log';
import type { Mail, Mailer } from '@pulsegraph/kit/mail';

export interface Invited {
  email: string;
  token: string;
  organizationName: string;
  invitedBy: string;
}

/** The mails that carry links. The token stands behind the `#`: it reaches no server log and no referrer. */
export class LinkMail {
  /** @param mailer Null where no mail is configured. */
  constructor(
    private readonly mailer: Mailer | null,
    private readonly publicUrl: string,
    private readonly log: Log,
  ) {}

  /** @throws SERVICE_UNAVAILABLE where no mail is configured: say so before anything is done. */
  requireMailer(): void {
    if (!this.mailer) throw unavailable('Mail is not configured here: set MAIL_URL.');
  }

  invitation({ email, token, organizationName, invitedBy }: Invited): Promise<void> {
    return this.send({
      to: email,
      subject: `Invitation to ${organizationName} on Pulsegraph`,
      text: [
        `${invitedBy} invites you to ${organizationName} on Pulsegraph.`,
        `Choose a password within seven days:\n${this.link('accept-invitation', token)}`,
        'If you expected no invitation, do nothing.',
      ].join('\n\n'),
    });
  }

  /** To somebody whose account belongs to another organization; only the mailbox learns that. */
  invitedElsewhere({ email, organizationName, invitedBy }: Omit<Invited, 'token'>): Promise<void> {
    return this.send({
      to: email,
      subject: `Invitation to ${organizationName} on Pulsegraph`,
      text: [
        `${invitedBy} invites you to ${organizationName} on Pulsegraph.`,
        'This address has an account in another organization already, and an address can have one only.',
        'To join, ask for an invitation to another address.',
      ].join('\n\n'),
    });
  }

  passwordReset(email: string, token: string): Promise<void> {
    return this.send({
      to: email,
      subject: 'A new password for Pulsegraph',
      text: [
        `Choose a new password within the hour:\n${this.link('reset-password', token)}`,
        'If you did not ask for it, do nothing: your password stays as it is.',
      ].join('\n\n'),
    });
  }

  private async send(mail: Mail): Promise<void> {
    this.requireMailer();
    try {
      await this.mailer!.send(mail);
    } catch (error) {
      this.log.error({ err: error, subject: mail.subject }, 'Mail was not taken');
      throw unavailable('The mail could not be sent; try again shortly.');
    }
  }

  private link(page: string, token: string): string {
    return `${this.publicUrl.replace(/\/$/, '')}/${page}#token=${token}`;
  }
}

function unavailable(message: string): DomainError {
  return new DomainError('SERVICE_UNAVAILABLE', message, { service: 'mail' });
}
