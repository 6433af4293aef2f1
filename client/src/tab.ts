import { newId } from "./id";
import { attempt, keeper } from "./storage";

const KEY = "handbill_tab";

/**
 * The id of this browser tab, kept while the tab goes from page to page. It
 * stands in sessionStorage only between two pages: a tab that is duplicated or
 * opened from this one starts with a copy of the storage, and must not start
 * with a copy of the id.
 */
export function tabId(): string {
  const take = (): string | null | undefined =>
    attempt(() => {
      const id = keeper().sessionStorage.getItem(KEY);
      keeper().sessionStorage.removeItem(KEY);
      return id;
    });
  const id = take() || newId();
  addEventListener("pagehide", () => attempt(() => keeper().sessionStorage.setItem(KEY, id)));
  addEventListener("pageshow", (event) => event.persisted && take());
  return id;
}
