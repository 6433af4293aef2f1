import { backoff } from "../backoff";
import { address } from "../endpoint";
import type { Site } from "../site";

/** Milliseconds after which the edge opens no stream for a ticket any more, and a little less. */
const TICKET_LIFE = 240_000;
/** Milliseconds more than the edge says until a stream that is silent counts as broken. */
const GRACE = 5000;
const NAME = "handbill-stream";

/** What the tabs of a browser say to each other. */
interface Word {
  /** Who holds no stream has been offered one. */
  offered?: string;
  /** Who holds the stream: with which ticket it is open; empty when it is not. */
  open?: string;
  /** The stream said that something is new, or a message was dismissed. */
  woken?: boolean;
}

/** The ticket of the stream that reaches this tab, its own or another tab's; polls name it. */
export let heard: string | undefined;

/** The address of the stream, without its ticket; empty before there is one. */
let stream = "";
/** Asks the edge at once what is due; what is held stays in use. */
let wake: () => void;
/** Whether the page's policy lets us call the edge. */
let allowed: () => boolean;
/** The last ticket that this tab was given, and when. */
let ticket = "";
let given = 0;
let source: EventSource | undefined;
let failures = 0;
/** After a failure no stream is opened before. */
let earliest = 0;
let timer = 0;
/** Gives back the lock by which one tab of the browser holds the stream, or the wish for it. */
let release: (() => void) | undefined;
/** Whether this tab is the one. */
let holds = false;
let channel: BroadcastChannel | undefined;

/** The edge has offered a stream, in the answer to a poll. */
export function offer(offered: string, site: Site, poll: (same: boolean) => void, mayConnect: () => boolean): void {
  take(offered);
  if (!stream) {
    stream = address(site, "/api/v3/sse");
    wake = () => poll(true);
    allowed = mayConnect;
    begin();
  }
  if (document.visibilityState === "hidden") return;
  if (holds) open();
  else {
    hold();
    channel?.postMessage({ offered } satisfies Word);
  }
}

function take(offered: string): void {
  ticket = offered;
  given = Date.now();
}

function begin(): void {
  join();
  document.addEventListener("visibilitychange", () => (document.visibilityState === "hidden" ? leave() : enter()));
  addEventListener("pagehide", () => {
    leave();
    // What is said meanwhile would put this page out of the back/forward cache.
    channel?.close();
    channel = undefined;
  });
  addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return;
    join();
    enter();
  });
}

/** Hears what the other tabs say. */
function join(): void {
  if (!navigator.locks) return;
  channel = new BroadcastChannel(NAME);
  channel.onmessage = ({ data }: MessageEvent<Word>) => hear(data);
}

/** Another tab of the browser said something. */
function hear({ offered, open: theirs, woken }: Word): void {
  if (woken && heard) wake();
  if (theirs !== undefined && !holds) heard = theirs || undefined;
  if (offered && holds) {
    if (source && visitorOf(offered) === visitorOf(heard)) channel!.postMessage({ open: heard ?? "" } satisfies Word);
    else {
      take(offered);
      open();
    }
  }
}

/** Something has changed for this visitor: says so to the other tabs. */
export function changed(): void {
  channel?.postMessage({ woken: true } satisfies Word);
}

/** What of a ticket is the same in all of one visitor. */
function visitorOf(name = ""): string {
  return name.split(".")[0]!;
}

/** Becomes the tab that holds the stream, as soon as no other one does. Where there are no locks, each visible tab holds one. */
function hold(): void {
  if (release) return;
  if (!navigator.locks) {
    release = () => {};
    holds = true;
    return open();
  }
  const waiting = new AbortController();
  release = () => waiting.abort();
  navigator.locks
    .request(NAME, { signal: waiting.signal }, () => new Promise<void>((done) => {
      release = done;
      holds = true;
      open();
    }))
    .catch(() => {}); // the wish was withdrawn
}

/** Opens the stream with the newest ticket. */
function open(): void {
  close();
  if (Date.now() < earliest || !allowed()) return;
  // An old one opens nothing: the next poll brings a new one.
  if (Date.now() - given > TICKET_LIFE) return wake();
  const name = ticket;
  const mine = (source = new EventSource(`${stream}?ticket=${name}`));
  let patience = 30_000;
  const on = (event: string, act: (data: string) => void): void =>
    mine.addEventListener(event, ({ data }: MessageEvent<string>) => {
      if (mine !== source) return;
      watch(patience);
      act(data);
    });
  on("connected", (data) => {
    patience = 1000 * (JSON.parse(data) as { heartbeat: number }).heartbeat + GRACE;
    failures = 0;
    say(name);
  });
  on("heartbeat", () => {});
  on("poll", () => {
    wake();
    changed();
  });
  mine.addEventListener("error", () => mine === source && broken());
  watch(patience);
}

function watch(patience: number): void {
  clearTimeout(timer);
  timer = setTimeout(broken, patience);
}

/** The stream ended, or never began: polls go on, and one of them, not at once, brings a new ticket. */
function broken(): void {
  close();
  const wait = backoff(1 + failures++);
  earliest = Date.now() + wait;
  // A little later, since clocks and timers are not the same.
  timer = setTimeout(wake, wait + 50);
}

function close(): void {
  clearTimeout(timer);
  source?.close();
  source = undefined;
  if (heard && holds) say("");
}

/** Tells the other tabs what reaches them. */
function say(name: string): void {
  heard = name || undefined;
  channel?.postMessage({ open: name } satisfies Word);
}

/** Nobody looks at this tab. */
function leave(): void {
  close();
  heard = undefined;
  holds = false;
  release?.();
  release = undefined;
}

/** Somebody looks at it again: what it missed it asks for, and is offered a stream then. */
function enter(): void {
  if (!heard && document.visibilityState !== "hidden") wake();
}
