/** The browser client of Handbill, for the code of sites: window.cioanalytics, or the name that the Caddyfile's global_name says. */
export interface Handbill {
  /** Says who the visitor is, and what is known about them. */
  identify(id?: string | number | null, traits?: object | null, options?: Options, callback?: Callback): Promise<Sent | undefined>;
  /** Adds to what is known about the visitor, whoever that is. */
  identify(traits: object, options?: Options, callback?: Callback): Promise<Sent | undefined>;
  /** Says that the visitor is on another page; with a name, page rules see that. */
  page(name?: string, properties?: object | null, options?: Options, callback?: Callback): Promise<Sent | undefined>;
  page(category: string, name: string, properties?: object | null, options?: Options, callback?: Callback): Promise<Sent | undefined>;
  /** Is page(): the address is the browser's own, whatever is given. */
  pageview(url?: string): Promise<Sent | undefined>;
  track(event: string, properties?: object | null, options?: Options, callback?: Callback): Promise<Sent>;
  group(id: string | number, traits?: object | null, options?: Options, callback?: Callback): Promise<Sent>;
  alias(to: string | number, from?: string | number, options?: Options, callback?: Callback): Promise<Sent>;
  reset(): Promise<unknown>;
  ready(callback?: () => void): Promise<unknown>;
  user(): { id(): string | null; anonymousId(): string };
  setAnonymousId(id: string): string;

  /** Nothing new opens until resume; what is open stays. */
  pause(): this;
  resume(): this;
  /** Asks the edge for a message, whatever its frequency. Resolves to nothing where what it needs of the client cannot be loaded. */
  show(messageId: string): Promise<{ shown: boolean; reason?: string } | undefined>;

  /** What lies in the visitor's inbox, of some topics or of all. */
  inbox(...topics: string[]): Inbox;

  on(name: EventName | "in-app", listener: Listener<InAppEvent>): this;
  on(name: InboxEventName, listener: Listener<InboxEvent>): this;
  on(method: string, listener: (...args: never[]) => void): this;
  once(name: EventName | "in-app", listener: Listener<InAppEvent>): this;
  once(name: InboxEventName, listener: Listener<InboxEvent>): this;
  once(method: string, listener: (...args: never[]) => void): this;
  off(name: string, listener?: Listener<never> | ((...args: never[]) => void)): this;

  trackClick(elements: Elements, event: Said<string>, properties?: Said<object>): Promise<unknown>;
  trackLink(elements: Elements, event: Said<string>, properties?: Said<object>): Promise<unknown>;
  trackSubmit(forms: Elements, event: Said<string>, properties?: Said<object>): Promise<unknown>;
  trackForm(forms: Elements, event: Said<string>, properties?: Said<object>): Promise<unknown>;
  addSourceMiddleware(middleware: Middleware): Promise<unknown>;
  addDestinationMiddleware(destination: string, ...middlewares: Middleware[]): Promise<unknown>;
  addIntegrationMiddleware(middleware: Middleware, destination?: string): Promise<unknown>;
  debug(on?: boolean): Promise<unknown>;
  /** There where the Caddyfile has a word about consent. */
  consent?(mode: "none" | "visit" | "persistent"): this;

  /** For sites whose pages hold a snippet of their own; with Handbill's there is nothing to load. */
  load(writeKey: string, options?: LoadOptions): unknown;
  /** A call that may come before the client: `(window.cioanalytics ??= [] as never).push(["identify", "ada"])`. */
  push(...calls: Call[]): unknown;
}

/** The name of a method, and what it is called with. */
export type Call = [method: Exclude<keyof Handbill, "push">, ...values: unknown[]];

export interface LoadOptions {
  integrations?: { "Customer.io In-App Plugin"?: PluginOptions | boolean; [other: string]: unknown };
  initialPageview?: boolean;
}

/** What stands in load's options under integrations["Customer.io In-App Plugin"]. */
export interface PluginOptions {
  siteId?: string;
  /** Whether visitors who are not identified get messages; absent means off. */
  anonymousInApp?: boolean;
  events?: Listener<InAppEvent>;
  enabled?: boolean;
  /** The colours of messages: "default" light ones, "system" those that the visitor prefers. Absent, or "auto", as the page's. */
  colorScheme?: "default" | "system" | "auto";
}

export type EventName = `in-app:message-${"opening" | "opened" | "changed" | "action" | "dismissed" | "error" | "suppressed"}`;
export type InAppEvent = CustomEvent<Detail>;
export interface Detail {
  messageId: string;
  deliveryId: string;
  actionName?: string;
  actionValue?: string;
  reason?: string;
  step?: string;
  answers?: object;
  readonly message: { dismiss(): void };
}

/** What happens to a message in the inbox, on the screen or by the methods below. */
export type InboxEventName = `in-app-inbox:message-${"opened" | "dismissed" | "action"}`;
export type InboxEvent = CustomEvent<Pick<Detail, "messageId" | "deliveryId" | "actionName" | "actionValue">>;

export type Listener<Heard> = ((event: Heard) => unknown) | { handleEvent(event: Heard): unknown };
export type Callback = (sent: Sent | undefined) => void;
export type Said<Value> = Value | ((element: Element) => Value);
export type Elements = Element | Iterable<Element> | null;
/** The context may hold what proves the visitor's id. */
export interface Options {
  context?: object;
}
export interface Sent {
  event: { type: string; messageId: string; timestamp: string; userId: string | null; anonymousId: string };
}
export type Middleware = (given: { payload: Payload; next(payload?: Payload | null): void; integrations: object; integration?: string }) => unknown;
export interface Payload {
  obj: Sent["event"] & Record<string, unknown>;
  type(): string;
  event(): unknown;
  userId(): unknown;
  anonymousId(): unknown;
  properties(): unknown;
  traits(): unknown;
}

export interface Inbox {
  total(): Promise<number>;
  totalUnopened(): Promise<number>;
  messages(): Promise<InboxMessage[]>;
  /** Calls back with the messages whenever they have changed; returns what ends that. */
  onUpdates(heard: (messages: InboxMessage[]) => void): () => void;
}
export interface InboxMessage {
  readonly messageId: string;
  readonly deliveryId: string;
  readonly opened: boolean;
  readonly properties: Record<string, unknown>;
  readonly sentAt: string;
  readonly expiresAt: string | undefined;
  readonly type: string;
  readonly topics: string[];
  trackClick(actionName?: string, actionValue?: string): Promise<void>;
  markOpened(): Promise<void>;
  markUnopened(): Promise<void>;
  markDeleted(): Promise<void>;
}

declare global {
  interface Window {
    cioanalytics: Handbill;
  }
  interface DocumentEventMap extends Record<EventName, InAppEvent>, Record<InboxEventName, InboxEvent> {}
}
