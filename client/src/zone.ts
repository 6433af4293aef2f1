/** What browsers have since lately. */
type Later = { Temporal?: { Now: { timeZoneId(): string } } };

/** The visitor's time zone. Asking Intl first loads what it knows of all languages, which takes longer than all else that we do. */
export function timeZone(): string {
  return (window as Later).Temporal?.Now.timeZoneId() ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}
