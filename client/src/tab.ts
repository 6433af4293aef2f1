import { newId } from "./id";
import { anonymousId } from "./identity";
import type { Sent } from "./queue";
import { attempt, encode, keeper } from "./storage";

const KEY = "handbill_tab";

/**
 * The id of this browser tab, kept while the tab goes from page to page, and with it the events that the edge has not
 * acknowledged: they may be slower than the next page, which would be offered what was closed on this one. Both stand in
 * sessionStorage only between two pages: a tab that is duplicated or opened from this one starts with a copy of the storage,
 * and must not start with a copy of the id.
 */
export function tabId(waiting: Sent[]): string {
  let id = newId();
  const arrive = (): void =>
    attempt(() => {
      const late = JSON.parse(keeper().sessionStorage.getItem(KEY)!);
      keeper().sessionStorage.removeItem(KEY);
      id = late.shift();
      // What somebody did who has signed out meanwhile is not said in the name of whoever came after.
      waiting.push(...late.filter((event: Sent) => event.anonymousId === anonymousId()));
    });
  arrive();
  addEventListener("pageshow", (event) => event.persisted && arrive());
  addEventListener("pagehide", () => attempt(() => keeper().sessionStorage.setItem(KEY, encode([id, ...waiting]))));
  return id;
}
