/** Where a request came from: kept with the session it begins. */
export interface ClientTrace {
  address: string | null;
  userAgent: string | null;
}
