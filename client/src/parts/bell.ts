import type { Client } from "../client";
import { element } from "../dom";
import { safeAddress } from "../link";
import { attempt } from "../storage";
import css from "./bell.css";
import type { Inbox, InboxMessage } from "./inbox";

/** What a message's author says of a button. */
interface Button {
  label?: unknown;
  name?: unknown;
  behavior?: unknown;
  action?: unknown;
}

const NAME = "handbill-inbox";
const SVG = "http://www.w3.org/2000/svg";
const BELL = "M12 3a6 6 0 0 0-6 6c0 6-2.5 8-2.5 8h17s-2.5-2-2.5-8a6 6 0 0 0-6-6M10 20.5a2.2 2.2 0 0 0 4 0";

/** Makes the element known, in which an inbox is shown. */
export async function define(client: Client, open: (topics?: string[]) => Inbox, theme: () => string): Promise<void> {
  if (customElements.get(NAME)) return;
  const look = await fetch(import.meta.url.replace("/bell-", "/message-").replace(/js$/, "css"));
  if (look.ok) customElements.define(NAME, elementOf(client, open, [await look.text(), theme(), css].map(styleSheet)));
}

function elementOf({ events, schemes }: Client, open: (topics?: string[]) => Inbox, sheets: CSSStyleSheet[]): CustomElementConstructor {
  return class extends HTMLElement {
    static readonly observedAttributes = ["data-scheme"];
    #stop: (() => void) | undefined;
    /** How many were not read when that was last said. */
    #unread = Infinity;
    /** What stands in the list, by what it says. */
    readonly #items = new Map<string, HTMLElement>();
    readonly #count = element("span", { part: "count", "aria-hidden": "true" });
    readonly #bell = element("button", { type: "button", class: "bell", part: "bell", popovertarget: "panel", "aria-haspopup": "dialog" }, this.#count);
    readonly #status = element("p", { role: "status" });
    readonly #list = element("ul", { role: "list" });
    readonly #empty = element("p", { class: "empty", part: "empty" });
    readonly #panel = element("section", { id: "panel", class: "toast", part: "panel", popover: "", role: "dialog", tabindex: -1, autofocus: "" });

    connectedCallback(): void {
      const inbox = open(this.getAttribute("topics")?.split(/\s+/).filter(Boolean));
      if (!this.shadowRoot) this.#begin();
      if (this.hasAttribute("floating")) {
        // Turbo leaves it where it is while it makes the page that is there another one.
        this.dataset.turboPermanent = "";
        this.#bell.popover = "manual";
        this.#bell.showPopover?.();
      }
      const show = (all: InboxMessage[]): void => this.#show(all);
      // A load of the site's may ask for other colours; a poll follows it.
      const follow = (): void => void (this.dataset.scheme = schemes());
      follow();
      events.on("poll", follow);
      // Out of a shadow tree not every browser gives the focus back by itself.
      this.#panel.onbeforetoggle = ({ newState }) => void (newState === "closed" && this.#panel.matches(":focus-within") && this.#bell.focus());
      this.#panel.ontoggle = () => void inbox.messages().then(show);
      const stop = inbox.onUpdates(show);
      this.#stop = () => {
        stop();
        events.off("poll", follow);
      };
      void inbox.messages().then(show);
    }

    disconnectedCallback(): void {
      this.#stop?.();
      // A library that changes the page takes off, too, what the site has not placed.
      const back = (): unknown => document.querySelector(NAME) ?? document.body.append(this);
      if (this.#bell.popover) void import(import.meta.url.replace("/bell-", "/swept-")).then((part: typeof import("./swept")) => part.swept(back, () => {}), () => {});
    }

    /** It may also take off an attribute that its server knows nothing of. */
    attributeChangedCallback(): void {
      this.dataset.scheme ||= schemes();
    }

    /** A word that the site may say in its own language. */
    #word(name: string, usual: string): string {
      return this.getAttribute(name) ?? usual;
    }

    #begin(): void {
      const label = this.#word("label", "Inbox");
      const close = element("button", { type: "button", class: "close", part: "close", popovertarget: "panel", popovertargetaction: "hide", "aria-label": this.#word("close", "Close") });
      this.#panel.ariaLabel = label;
      this.#empty.textContent = this.#word("empty", "Nothing here yet");
      this.#panel.append(close, element("h2", {}, label), this.#list, this.#empty);
      const picture = document.createElementNS(SVG, "svg");
      const path = document.createElementNS(SVG, "path");
      picture.setAttribute("viewBox", "0 0 24 24");
      picture.ariaHidden = "true";
      path.setAttribute("d", BELL);
      picture.append(path);
      this.#bell.prepend(picture);
      const root = this.attachShadow({ mode: "open" });
      root.adoptedStyleSheets = sheets;
      root.append(this.#bell, this.#status, this.#panel);
    }

    #show(all: InboxMessage[]): void {
      const isOpen = this.#panel.matches(":popover-open");
      const shown = all.map((message) => {
        const key = JSON.stringify([message.deliveryId, message.properties]);
        const item = this.#items.get(key) ?? this.#build(message);
        this.#items.set(key, item);
        // What came as unread is marked as long as the panel is open.
        if (!message.opened || !isOpen) item.classList.toggle("unread", !message.opened);
        return item;
      });
      for (const [key, item] of this.#items) {
        if (shown.includes(item)) continue;
        item.remove();
        this.#items.delete(key);
      }
      // What has the focus must not move.
      shown.forEach((item, at) => this.#list.children[at] === item || this.#list.insertBefore(item, this.#list.children[at] ?? null));
      this.#empty.hidden = all.length > 0;
      const unread = all.filter(({ opened }) => !opened);
      this.#tell(unread.length);
      if (isOpen) for (const message of unread) void message.markOpened();
    }

    /** Says how many are not read, and aloud when there are more than before. */
    #tell(unread: number): void {
      const text = unread ? `${unread} ${this.#word("unread", "unread")}` : "";
      this.#count.textContent = unread > 99 ? "99+" : unread ? `${unread}` : "";
      this.#bell.ariaLabel = this.#word("label", "Inbox") + (text && ", ") + text;
      if (unread > this.#unread) this.#status.textContent = text;
      this.#unread = unread;
    }

    #build(message: InboxMessage): HTMLElement {
      const { properties, type, sentAt } = message;
      const { title, text, image, imageAlt, paragraphs, buttons } = properties;
      const body = element("div", { class: "body" }, element("small", {}, this.#word("unread", "unread")));
      const item = element("li", { class: type, part: "message" }, body);
      if (image) body.append(element("img", { src: `${image}`, alt: `${imageAlt ?? ""}` }));
      if (title) body.append(element("h3", {}, `${title}`));
      for (const line of list(paragraphs) ?? [{ text }]) if (line?.text) body.append(element("p", {}, `${line.text}`));
      const actions = list(buttons)?.map((made) => this.#action(message, (made?.button ?? {}) as Button, item));
      if (actions) body.append(element("div", { class: "buttons" }, ...actions));
      const date = attempt(() => new Date(sentAt).toLocaleDateString(document.documentElement.lang || undefined, { dateStyle: "medium" }));
      body.append(element("time", { datetime: sentAt }, date ?? ""));
      const remove = element("button", { type: "button", class: "close", part: "delete", "aria-label": `${this.#word("delete", "Delete")}: ${title ?? type}` });
      remove.onclick = () => this.#remove(message, item);
      item.append(remove);
      return item;
    }

    #action(message: InboxMessage, { label, name, behavior, action }: Button, item: HTMLElement): HTMLElement {
      const address = behavior === "openUrl" ? safeAddress(`${action}`) : undefined;
      const made = address ? element("a", { href: address }, `${label}`) : element("button", { type: "button" }, `${label}`);
      made.onclick = () => {
        void message.trackClick(`${name}`, `${action}`);
        if (behavior === "dismiss") this.#remove(message, item);
      };
      return made;
    }

    /** The focus goes to what comes after. */
    #remove(message: InboxMessage, item: HTMLElement): void {
      const next = item.nextElementSibling ?? item.previousElementSibling;
      (next?.querySelector<HTMLElement>(".close") ?? this.#panel).focus();
      void message.markDeleted();
    }
  };
}

/** What an author has written in the place of a list. */
function list(value: unknown): (Record<string, unknown> | null)[] | undefined {
  return Array.isArray(value) ? (value as (Record<string, unknown> | null)[]) : undefined;
}

function styleSheet(text: string): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return sheet;
}
