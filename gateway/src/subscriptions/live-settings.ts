export interface LiveSettings {
  /** How often slow clients are looked at; they get what has gathered since, merged or in order. */
  slowTickMs: number;
  /** A subgraph that cannot be reached when a subscription begins is tried again for this long. */
  openPatienceMs: number;
  /** A stream that was live and broke is tried again for this long before its clients hear of it. */
  reopenPatienceMs: number;
  reopenFirstMs: number;
  reopenLongestMs: number;
  /** On a new supergraph whose first fetch differs and has no cursor: how long the new stream has to open. */
  changeOverMs: number;
  /** Events of one group in execution before its upstream is no longer read. */
  eventsInFlight: number;
}

export const DEFAULT_LIVE_SETTINGS: Readonly<LiveSettings> = {
  slowTickMs: 50,
  openPatienceMs: 2_000,
  reopenPatienceMs: 60_000,
  reopenFirstMs: 100,
  reopenLongestMs: 5_000,
  changeOverMs: 500,
  eventsInFlight: 4,
};
