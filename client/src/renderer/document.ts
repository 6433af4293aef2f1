import { newId } from "../id";
import { anchorOf, baseOnPage, opensElsewhere } from "./links";
import { clip, type DisplaySettings, type Drawn, type Host, type StepSettings } from "./protocol";
import { settingsOfElement } from "./settings";
import { watchSize } from "./size";

/** Milliseconds that scripts of other servers may keep a document from being shown. */
const PATIENCE = 3000;

interface Said {
  name?: unknown;
  target?: unknown;
  rel?: unknown;
}

/** What a document calls as "message". */
interface Bridge {
  dismiss(said?: Said): void;
  openUrl(address: string, said?: Said): void;
  /** Shows another step. */
  showMessage(event: Event | undefined, step: string, said?: Said): void;
  /** Tells the site, whose own code does the rest. */
  performAction(action: string, said?: Said): void;
  snooze(minutes: number, said?: Said): void;
  /** Tracks an event of the visitor. */
  track(event: string, properties?: object): void;
}

/**
 * Draws a whole document that was written for the reference client. It takes the place of our page,
 * whose policy keeps it in an origin of its own; its scripts run, and reach nothing of the site.
 */
export async function openDocument(host: Host, markup: string, listen: () => void): Promise<Drawn> {
  document.open();
  // What was written goes on being this window: only its listeners are gone.
  listen();
  const steps = createSteps(host);
  const bridge = createBridge(host, steps);
  Object.defineProperty(window, "message", { value: bridge, configurable: true, writable: true });
  // Documents for our own client speak to the page around them; here that is us.
  Object.defineProperty(window, "parent", { value: { postMessage: (said: unknown) => hear(said, bridge) }, configurable: true });
  document.write(markup);
  document.close();
  await Promise.race([new Promise((read) => document.addEventListener("DOMContentLoaded", read)), new Promise((late) => setTimeout(late, PATIENCE))]);
  if (!document.body?.firstChild) throw new Error("an empty document");
  baseOnPage();
  steps.begin(host.options.stepId);
  addEventListener("click", (event) => follow(event, bridge));
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && host.options.properties?.gist?.exitClick) bridge.dismiss({ name: "close" });
  });
  const size = watchSize(host, document.body, height);
  host.titled(document.title);
  host.loaded(steps.current(), steps.settings());
  return {
    repeat() {
      size.tell();
      host.titled(document.title);
    },
    settings: steps.hold,
    showStep: steps.answered,
  };
}

/** Reads base64 of gzip or zlib. */
export async function unpack(encoded: string): Promise<string> {
  const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  const format = bytes[0] === 0x1f ? "gzip" : "deflate";
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream(format))).text();
}

export function speaksToBridge(markup: string): boolean {
  return /\bmessage\s*\.\s*(dismiss|openUrl|showMessage|performAction|snooze|track)\b/.test(markup);
}

/** How high what is in the body is: the body itself may be as high as the frame. */
function height(): number {
  const range = document.createRange();
  range.selectNodeContents(document.body);
  const { paddingBottom, borderBottomWidth, marginBottom } = getComputedStyle(document.body);
  const below = parseFloat(paddingBottom) + parseFloat(borderBottomWidth) + parseFloat(marginBottom);
  const whole = document.documentElement.getBoundingClientRect();
  const inside = range.getBoundingClientRect().bottom + scrollY + below;
  return whole.height === innerHeight ? inside : Math.max(inside, whole.bottom + scrollY);
}

interface Steps {
  begin(name: string | undefined): void;
  show(name: string, how: string): void;
  current(): string;
  settings(): StepSettings[] | undefined;
  hold(settings: StepSettings[]): void;
  answered(name: string, requestId: unknown): void;
}

/** The steps of a document are elements side by side, each with its name and where it is to stand; one of them is seen. */
function createSteps(host: Host): Steps {
  let held: StepSettings[] | undefined;
  let asked: string | undefined;
  const all = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>("[data-message-name]")];
  const nameOf = (step: HTMLElement | undefined): string => step?.dataset["messageName"] ?? "";
  const seen = (): HTMLElement | undefined => all().find((step) => step.classList.contains("cio-message-visible")) ?? all()[0];

  function turn(to: HTMLElement): void {
    for (const step of all()) {
      step.classList.toggle("cio-message-visible", step === to);
      step.classList.toggle("cio-message-hidden", step !== to);
    }
  }

  const settings = (): StepSettings[] | undefined =>
    held ?? (all().length ? all().map((step) => ({ stepName: nameOf(step), displaySettings: settingsOfElement(step) })) : undefined);

  function come(to: HTMLElement, its: DisplaySettings | undefined): void {
    turn(to);
    scrollTo(0, 0);
    host.report("changed", { actionName: clip(nameOf(to)) });
    host.changed(nameOf(to), its);
  }

  return {
    begin(name) {
      document.head.append(Object.assign(document.createElement("style"), { textContent: ".cio-message-hidden{display:none!important}" }));
      const first = all().find((step) => nameOf(step) === name) ?? seen();
      if (first) turn(first);
    },
    show(name, how) {
      const to = all().find((step) => nameOf(step) === name);
      if (!to) return;
      const its = settings()?.find(({ stepName }) => stepName === name)?.displaySettings;
      if (!its?.pageUrl || !host.can("CrossPageStepNavigation")) return come(to, its);
      asked = newId();
      host.request(name, its, how, asked);
    },
    answered(name, requestId) {
      const to = all().find((step) => nameOf(step) === name);
      if (!to || !asked || asked !== requestId) return;
      asked = undefined;
      come(to, settings()?.find(({ stepName }) => stepName === name)?.displaySettings);
    },
    current: () => nameOf(seen()),
    settings,
    hold: (from) => void (held = from),
  };
}

function createBridge(host: Host, steps: Steps): Bridge {
  return {
    dismiss({ name } = {}) {
      host.report("dismissed");
      host.close(clip(name));
    },
    openUrl(address, { target, name, rel } = {}) {
      const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(address)?.[1]?.toLowerCase();
      if (target && !["_self", "_parent", "_top"].includes(`${target}`)) {
        host.tap(address, clip(name));
        window.open(address, "_blank", `${rel}`.includes("noreferrer") ? "noreferrer" : "noopener");
      } else if (!scheme || ["http", "https", "mailto"].includes(scheme)) host.lead(address, clip(name));
      else {
        // The client's own actions, and those of the site.
        host.tap(address, clip(name));
        if (scheme === "tel" || scheme === "sms") location.href = address;
      }
    },
    showMessage(event, step, { name } = {}) {
      event?.preventDefault?.();
      if (clip(name)) host.tap(`goto:${step}`, clip(name));
      steps.show(step, clip(name));
    },
    performAction: (action, { name } = {}) => host.tap(action, clip(name)),
    snooze: (minutes, { name } = {}) => host.snooze(minutes, clip(name)),
    track: (event, properties = {}) => host.track(event, properties),
  };
}

/** What a document says to our own client, see parts/sandbox; how high it is we see ourselves. */
function hear(said: unknown, bridge: Bridge): void {
  const { handbill, name, action } = (said ?? {}) as { handbill?: unknown; name?: unknown; action?: unknown };
  if (handbill === "dismiss") bridge.dismiss({ name });
  if (handbill !== "action" || typeof action !== "string" || !action) return;
  const how = clip(name) || "sandbox";
  const leads = /^([/#?.]|(https?|mailto):)/i.test(action);
  bridge.performAction(action, { name: how });
  if (leads) bridge.openUrl(action, { name: how });
  if (leads || action === "dismiss") bridge.dismiss({ name: how });
}

/** What the document itself does not do with a click on a link. */
function follow(event: MouseEvent, bridge: Bridge): void {
  const anchor = anchorOf(event);
  if (!anchor || event.defaultPrevented || /^\s*javascript:/i.test(anchor.getAttribute("href") ?? "")) return;
  if (opensElsewhere(event)) return;
  event.preventDefault();
  bridge.openUrl(anchor.href, { target: anchor.target, name: anchor.dataset["trackedName"] ?? anchor.href, rel: anchor.rel });
}
