/*
 * What the reference client and the page in its iframe say to each other, by postMessage. What a button of ours says:
 *
 *   author writes       the client is told                                        the listener gets
 *   "dismiss"           tap "dismiss"; tap gist://close                           action dismiss, action gist://close, dismissed
 *   the cross, Escape   tap gist://close                                          action gist://close, dismissed
 *   "/offers", a URL    tap as written; tap gist://loadPage?url=…; gist://close   action as written, those two, dismissed
 *   the same, new tab   tap as written; tap gist://close; window.open             action as written, action gist://close, dismissed
 *   "next", "back",     tap as written; changeMessageStep, or stepChangeRequested
 *   "goto:STEP"         for a step of another page                                action as written
 *   "event:NAME"        tap as written                                            action as written
 *   "copy:TEXT"         tap as written; the text is copied in the frame           action as written
 *   "snooze:24h"        tap as written; tap gist://snooze?showIn=1440 where the   action as written, action gist://…, dismissed
 *                       client can and the message is persistent, else gist://close
 *   "show:MESSAGE"      as "dismiss": the edge shows the other message            action as written, action gist://close, dismissed
 *   "set:TRAIT=VALUE"   tap as written; then as "next", or "dismiss" at the end   action as written, …
 *   "submit"            tap "submit"; analytics:track with the answers; then so   action submit, …
 *
 * The client counts every tap but gist://close as a click. It counts no dismissal and no error and knows nothing of
 * answers; where a delivery is known, these go to the edge as analytics:track, in the words of our own client.
 */

/** What the client says of the message that the page is for. */
export interface Options {
  instanceId: string;
  messageId?: string;
  /** The step to begin with. */
  stepId?: string;
  /** "light" or "dark"; anything else: as the system has it. */
  colorScheme?: string;
  isEmbed?: boolean;
  properties?: {
    gist?: { persistent?: boolean; exitClick?: boolean; encodedMessageHtml?: string; [key: string]: unknown };
    handbill?: { content?: unknown; deliveryId?: string };
  };
}

/** Where the client puts a message or one of its steps. */
export interface DisplaySettings {
  displayType?: string;
  modalPosition?: string;
  overlayPosition?: string;
  elementSelector?: string;
  tooltipPosition?: string;
  tooltipArrowColor?: string;
  maxWidth?: number;
  overlayColor?: string;
  dismissOutsideClick?: boolean;
  /** The page that a step belongs to. */
  pageUrl?: string;
}

export interface StepSettings {
  stepName: string;
  displaySettings: DisplaySettings;
}

/** A message that is drawn. */
export interface Drawn {
  /** Says once more how high it is and what its title is. Not that it is loaded: the client would count it twice. */
  repeat(): void;
  /** The client's answer to a request: the step may come up here. */
  showStep(step: string, requestId: unknown): void;
  /** The client holds the settings of the steps itself. */
  settings(settings: StepSettings[]): void;
  /** The page's colour scheme is another: "light", "dark", or anything else for the system's. */
  scheme?(scheme: string): void;
}

/** The page around us; a document may be told otherwise. */
const page = parent;

const REPORT = "Report Delivery Event";
/** Minutes: the client keeps a snooze no longer. */
const LONGEST_SNOOZE = 43_200;

/** The client, as one message sees it. */
export interface Host {
  options: Options;
  /** Whether the client says that it knows something. */
  can(capability: string): boolean;
  /** The message is drawn; the client shows its frame, and counts it as seen. */
  loaded(step: string, settings?: StepSettings[]): void;
  sized(height: number): void;
  titled(title: string): void;
  tap(action: string, name: string): void;
  close(name: string): void;
  /** Closes for a while where the client can, else for good. */
  snooze(minutes: number, name: string): void;
  /** Leads the page itself to an address. */
  lead(address: string, name: string): void;
  /** Another step has come up. With settings that differ from the last ones, the client draws the message anew elsewhere. */
  changed(step: string, settings?: DisplaySettings): void;
  /** Asks whether a step of another page may come up here; the answer is the client's showStep, or it leaves the page. */
  request(step: string, settings: DisplaySettings, name: string, requestId: string): void;
  /** Tracks an event as the page's analytics client does. */
  track(event: string, properties: object): void;
  /** Reports what happened to the delivery, in the words of our own client. */
  report(metric: string, particulars?: object): void;
  /** The message cannot be shown; the client takes it away. What exactly is wrong is for those who look. */
  fail(reason: string, detail: string): void;
}

export function createHost(options: Options, capabilities: unknown): Host {
  const known = Array.isArray(capabilities) ? capabilities : [];
  const { deliveryId } = options.properties?.handbill ?? {};

  function say(method: string, parameters: object): void {
    page.postMessage({ gist: { instanceId: options.instanceId, method, parameters } }, "*");
  }

  const host: Host = {
    options,
    can: (capability) => known.includes(capability),
    loaded: (route, fullDisplaySettings) => say("routeLoaded", { route, fullDisplaySettings }),
    sized: (height) => say("sizeChanged", { width: document.documentElement.clientWidth, height }),
    titled: (title) => say("titleChanged", { title }),
    tap: (action, name) => say("tap", { action, name: clip(name), system: false }),
    close: (name) => host.tap("gist://close", name),
    snooze(minutes, name) {
      const persistent = options.isEmbed || options.properties?.gist?.persistent;
      if (!host.can("Snooze") || !persistent) return host.close(name);
      host.tap(`gist://snooze?showIn=${Math.min(Math.max(Math.floor(minutes) || 1, 1), LONGEST_SNOOZE)}`, name);
    },
    lead: (address, name) => host.tap(`gist://loadPage?url=${address}`, name),
    changed: (messageStepName, displaySettings) => say("changeMessageStep", { messageStepName, displaySettings }),
    request: (messageStepName, displaySettings, name, requestId) =>
      say("stepChangeRequested", { messageStepName, displaySettings, name: clip(name), requestId }),
    track: (event, properties) => say("eventDispatched", { name: "analytics:track", payload: { event, properties, options: {} } }),
    report(metric, particulars) {
      if (deliveryId) host.track(REPORT, { deliveryId, metric, ...particulars });
    },
    fail(reason, detail) {
      host.report("error", { reason });
      say("routeError", { reason, detail });
    },
  };
  return host;
}

/** A name that is counted has at most 100 characters. */
export function clip(name: unknown): string {
  return typeof name === "string" ? [...name.trim()].slice(0, 100).join("") : "";
}
