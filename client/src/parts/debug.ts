import type { Client } from "../client";
import { element } from "../dom";
import css from "./debug.css";

/** What the edge says of one check, of one message, and of all: see docs/why.md. */
interface Check {
  check: string;
  passed: boolean;
  saw: string;
  help?: string;
}

interface Explained {
  message: string;
  due: boolean;
  reason?: string;
  checks: Check[] | null;
  variant?: string;
  position: string;
}

interface Explanation {
  workspace: string;
  page: string;
  at: string;
  visitor: string;
  known: boolean;
  level: string;
  refused?: { sentence: string };
  injection?: { outcome: string; saw: string; help?: string };
  notes?: string[];
  until: string;
  messages: Explained[] | null;
  more?: number;
}

const CORNERS = ["bottom-right", "bottom-left", "top-left", "top-right"];
/** CSS pixels that a press of an arrow key moves the panel by. */
const STEP = 32;
/** Milliseconds after something has happened to a message until the edge has surely heard of it. */
const SETTLED = 500;
const EVENTS = ["opened", "dismissed", "action", "changed", "error"];

let begun = false;

/** Shows over the page why each message shows, or does not, to this visitor: to whoever has a link that the edge has made. */
export function begin(client: Client): void {
  if (begun) return;
  begun = true;
  if (document.body) open(client);
  else document.addEventListener("DOMContentLoaded", () => open(client), { once: true });
}

function open(client: Client): void {
  const host = document.createElement("handbill-debug");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  const facts = element("dl");
  const list = element("ul", { role: "list" });
  const status = element("p", { role: "status" });
  const filter = element("input", { type: "search", placeholder: "Filter by id or reason", "aria-label": "Filter messages by id or reason" });
  const button = (name: string, label: string, text: string, pressed: () => void): HTMLElement => {
    const made = element("button", { type: "button", name, "aria-label": label, title: label }, text);
    made.addEventListener("click", pressed);
    return made;
  };
  let timer = 0;
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      place();
      void refresh();
    }, SETTLED);
  };
  /** What is modal makes all else on the page inert: then the panel belongs into it. */
  const place = (): void => {
    const modal = [...document.querySelectorAll("handbill-message")].map((message) => message.shadowRoot?.querySelector("dialog:modal")).find(Boolean);
    const at = modal ?? document.body;
    if (host.parentNode === at && host.isConnected) return;
    at.append(host);
    panel.showPopover?.();
  };
  const changes = new MutationObserver(place);
  const close = (): void => {
    changes.disconnect();
    for (const name of EVENTS) document.removeEventListener(`in-app:message-${name}`, soon);
    clearTimeout(timer);
    host.remove();
  };
  const move = button("move", "Move: to the next corner, or with the arrow keys", "\u2725", () => toCorner(panel));
  const header = element(
    "div",
    { class: "header" },
    element("h2", { id: "title" }, "Why messages show here"),
    move,
    button("refresh", "Ask again", "\u21bb", () => void refresh()),
    button("close", "Close", "\u00d7", close),
  );
  const panel = element("section", { class: CORNERS[0], popover: "manual", role: "dialog", "aria-labelledby": "title", tabindex: -1 }, header, status, facts, filter, list);

  /** The messages whose checks are looked at stay open. */
  const looked = new Set<string>();
  list.addEventListener("toggle", ({ target }) => {
    const { open: isOpen, dataset } = target as HTMLDetailsElement;
    looked[isOpen ? "add" : "delete"](dataset.message!);
  }, true);

  function sift(): void {
    const words = filter.value.toLowerCase().split(/\s+/);
    for (const item of list.children) {
      const text = item.firstElementChild!.firstElementChild!.textContent!.toLowerCase();
      (item as HTMLElement).hidden = !words.every((word) => text.includes(word));
    }
  }

  async function refresh(): Promise<void> {
    status.textContent = "Asking\u2026";
    try {
      const response = await client.ask(undefined, "/api/v1/debug");
      const answer = (await response.json()) as Explanation & { error?: string };
      if (!response.ok) throw new Error(answer.error);
      const messages = answer.messages ?? [];
      facts.replaceChildren(...factsOf(answer));
      list.replaceChildren(...messages.map((message) => itemOf(message, looked.has(message.message))));
      sift();
      status.textContent = `${messages.filter(({ due }) => due).length} of ${messages.length} messages are due here` + (answer.more ? `; ${answer.more} more were not looked at` : "");
    } catch (error) {
      // What was said before is not true any more.
      facts.replaceChildren();
      list.replaceChildren();
      status.textContent = `The edge does not say: ${(error as Error).message}`;
    }
  }

  filter.addEventListener("input", sift);
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      event.preventDefault();
      close();
    }
  });
  move.addEventListener("keydown", (event) => {
    const [x = 0, y = 0] = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key] ?? [];
    if (!x && !y) return;
    event.preventDefault();
    moveBy(panel, x, y);
  });
  header.addEventListener("pointerdown", (event) => {
    if (event.button || (event.target as Element).closest("button")) return;
    header.setPointerCapture(event.pointerId);
    let { clientX: fromX, clientY: fromY } = event;
    header.onpointermove = ({ clientX, clientY }) => {
      moveBy(panel, clientX - fromX, clientY - fromY);
      [fromX, fromY] = [clientX, clientY];
    };
    header.onlostpointercapture = () => (header.onpointermove = null);
  });
  for (const name of EVENTS) document.addEventListener(`in-app:message-${name}`, soon);
  root.append(panel);
  place();
  changes.observe(document.body, { childList: true });
  void refresh();
}

function factsOf({ page, visitor, known, level, refused, injection, notes = [], until, workspace, at }: Explanation): Node[] {
  const own = document.querySelector("script[data-global-customerio-analytics-key]") ? "The page's own code loads the client. " : "";
  const made: Record<string, string | undefined> = {
    Page: page,
    Visitor: `${visitor} (${level}; ${known ? "there is a record" : "nothing is remembered"})`,
    "Not believed": refused?.sentence,
    Snippet: own + (injection ? [injection.saw, injection.help].filter(Boolean).join(" ") : "The client runs here; how it came here is not known."),
    Note: notes.join(" ") || undefined,
    Workspace: `${workspace}, at ${new Date(at).toLocaleTimeString()}`,
    "Link ends": new Date(until).toLocaleTimeString(),
  };
  return Object.entries(made).flatMap(([name, text]) => (text ? [element("dt", {}, name), element("dd", {}, text)] : []));
}

function itemOf({ message, due, reason, checks, variant, position }: Explained, isOpen: boolean): HTMLElement {
  const rows = (checks ?? []).map(({ check, passed, saw, help }) =>
    element(
      "li",
      { class: passed ? "yes" : "no" },
      element("b", {}, check),
      element("span", { class: "hidden" }, passed ? " passed: " : " failed: "),
      element("span", {}, saw),
      ...(help ? [element("em", {}, help)] : []),
    ),
  );
  const summary = element("summary", {}, element("code", {}, message), " ", element("strong", {}, due ? "due" : (reason ?? "not due")));
  const details = element("details", { "data-message": message, class: due ? "yes" : "no" }, summary);
  details.append(element("p", {}, position + (variant ? `, variant ${variant}` : "")), element("ol", { role: "list" }, ...rows));
  details.open = isOpen;
  return element("li", {}, details);
}

function toCorner(panel: HTMLElement): void {
  panel.style.translate = "";
  panel.className = CORNERS[(CORNERS.indexOf(panel.className) + 1) % CORNERS.length]!;
}

/** It stays where it can be taken hold of. */
function moveBy(panel: HTMLElement, x: number, y: number): void {
  const [wasX = 0, wasY = 0] = panel.style.translate.split(" ").map(parseFloat).map((was) => was || 0);
  const { left, right, top } = panel.getBoundingClientRect();
  const within = (by: number, least: number, most: number): number => Math.min(Math.max(by, least), most);
  const nowX = wasX + within(x, 64 - right, innerWidth - 64 - left);
  const nowY = wasY + within(y, -top, innerHeight - 64 - top);
  panel.style.translate = `${nowX}px ${nowY}px`;
}
