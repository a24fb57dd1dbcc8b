import { computed, inject, Injectable, signal } from '@angular/core';
import { may, type Permission } from '@pulsegraph/contracts';
import { Clock } from './clock';
import { hasCode } from './faults';
import { sessionApi, type SessionAnswer } from './session-api';
import type { SessionViewerFragment } from './session.generated';

/** `unreachable`: nobody has answered yet whether we are signed in. */
export type SessionState = 'starting' | 'unreachable' | 'signed-in' | 'signed-out';

/** A token with less life than this is renewed before use. */
const MIN_LIFE_MS = 15_000;
const RETRY_MS = 3_000;
/** setTimeout holds 31 bits. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
const REFUSED = ['UNAUTHENTICATED', 'SESSION_EXPIRED', 'FORBIDDEN', 'INVALID_CREDENTIALS'];

/**
 * Who is signed in. The access token lives in this object and nowhere else; the refresh token in a cookie that scripts
 * cannot read. So a reload asks `/auth/refresh` first, and every tab has a token of its own.
 */
@Injectable({ providedIn: 'root' })
export class Session {
  private readonly clock = inject(Clock);
  private readonly channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('pulsegraph.session');
  private token: { value: string; expiresAtMs: number } | null = null;
  private renewing: Promise<boolean> | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private resolveSettled!: () => void;

  readonly state = signal<SessionState>('starting');
  readonly viewer = signal<SessionViewerFragment | null>(null);
  readonly name = computed(() => this.viewer()?.user?.displayName ?? this.viewer()?.user?.email ?? '');
  /** Grows with each fresh token: what holds a connection open hands it on. */
  readonly renewals = signal(0);
  /** Grows with each new person or role: whatever holds data of the one before starts afresh. */
  readonly generation = signal(0);
  /** Resolves once it is known whether somebody is signed in. */
  readonly settled = new Promise<void>((resolve) => (this.resolveSettled = resolve));

  constructor() {
    this.channel?.addEventListener('message', ({ data }) => {
      if (data === 'signed-out' && this.state() === 'signed-in') this.forget();
      if (data === 'signed-in' && this.state() !== 'signed-in') void this.refresh();
    });
  }

  may(permission: Permission): boolean {
    const viewer = this.viewer();
    return viewer !== null && may(viewer.role, permission);
  }

  /** Tries again until the gateway has answered. */
  async start(): Promise<void> {
    if (!hint.get()) return this.forget();
    await this.refresh();
    if (this.state() === 'unreachable') this.timer = setTimeout(() => void this.start(), RETRY_MS);
  }

  /** @throws RequestFailed with INVALID_CREDENTIALS, MFA_REQUIRED, ACCOUNT_LOCKED, SERVICE_UNAVAILABLE … */
  async signIn(email: string, password: string, otp?: string): Promise<void> {
    this.accept(await sessionApi.signIn(email, password, otp));
    this.channel?.postMessage('signed-in');
  }

  async signOut(): Promise<void> {
    // Forgotten here whatever the gateway says: who walks away from the screen must be gone from it.
    this.forget();
    this.channel?.postMessage('signed-out');
    await this.exclusively(() => sessionApi.signOut()).catch(() => undefined);
  }

  /** Unlike `signOut` it must have happened before it is said. @throws RequestFailed */
  async signOutEverywhere(): Promise<void> {
    await this.exclusively(() => sessionApi.signOut(true));
    this.forget();
    this.channel?.postMessage('signed-out');
  }

  /** A token good for the next seconds; null when signed out. */
  async accessToken(): Promise<string | null> {
    if (this.token && this.token.expiresAtMs - this.clock.nowMs() > MIN_LIFE_MS) return this.token.value;
    if (this.state() !== 'signed-in') return null;
    await this.refresh();
    return this.token?.value ?? null;
  }

  /** True when a fresh token is at hand. Callers at the same time share one request. */
  refresh(): Promise<boolean> {
    this.renewing ??= this.renew().finally(() => (this.renewing = null));
    return this.renewing;
  }

  private async renew(): Promise<boolean> {
    try {
      // One tab at a time: a refresh token works once, and two tabs that send the same one end the session for both.
      this.accept(await this.exclusively(() => sessionApi.refresh()));
      return true;
    } catch (error) {
      if (hasCode(error, ...REFUSED)) this.forget();
      else if (this.state() === 'signed-in') this.renewIn(RETRY_MS);
      else this.state.set('unreachable');
      return false;
    }
  }

  private exclusively<T>(work: () => Promise<T>): Promise<T> {
    // `locks` exists in secure contexts only; elsewhere one tab has to be enough.
    return 'locks' in navigator ? navigator.locks.request('pulsegraph.session', work) : work();
  }

  private accept({ grant, serverNowMs }: SessionAnswer): void {
    if (serverNowMs !== null) this.clock.setFrom(serverNowMs);
    const expiresAtMs = Date.parse(grant.accessTokenExpiresAt);
    this.token = { value: grant.accessToken, expiresAtMs };
    const before = this.viewer();
    this.viewer.set(grant.viewer);
    if (before?.user?.id !== grant.viewer.user?.id || before?.role !== grant.viewer.role) this.generation.update((n) => n + 1);
    this.state.set('signed-in');
    this.renewals.update((n) => n + 1);
    hint.set(true);
    this.resolveSettled();
    const lifeMs = expiresAtMs - this.clock.nowMs();
    this.renewIn(Math.max(RETRY_MS, lifeMs - Math.max(2 * MIN_LIFE_MS, lifeMs / 5)));
  }

  private renewIn(delayMs: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.refresh(), Math.min(delayMs, MAX_TIMEOUT_MS));
  }

  private forget(): void {
    clearTimeout(this.timer);
    this.token = null;
    this.viewer.set(null);
    this.state.set('signed-out');
    hint.set(false);
    this.generation.update((n) => n + 1);
    this.resolveSettled();
  }
}

/** Whether this browser may hold a session: spares a first visitor a request that can only be refused. */
const hint = {
  key: 'pulsegraph.session',
  get(): boolean {
    try {
      return localStorage.getItem(this.key) !== null;
    } catch {
      return true;
    }
  },
  set(held: boolean): void {
    try {
      if (held) localStorage.setItem(this.key, '1');
      else localStorage.removeItem(this.key);
    } catch {
      // Storage may be refused; then every start asks.
    }
  },
};
