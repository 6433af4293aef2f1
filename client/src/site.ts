/** What the edge tells the client about its site. It holds nothing about the visitor. */
export interface Site {
  /** The endpoint's path, such as "/_handbill". */
  prefix: string;
  siteId: string;
  writeKey: string;
  /** The name of the one global, "cioanalytics" by default. */
  globalName: string;
  /** Whether the edge gives messages to anonymous visitors. Used where no script element says it. */
  anonymousInApp: boolean;
  /** Whether the client notices routes of a single-page application by itself. */
  spaRoutes: boolean;
  /** Names what is in all the client's parts: it stands in their addresses. */
  parts: string;
}
