import { newId, view } from "./id";
import { attempt, forget, keeper, recall, remember } from "./storage";

/** Where the reference client keeps the ids, so that a site may change between the two. */
const USER = "ajs_user_id";
const ANONYMOUS = "ajs_anonymous_id";
/** Stands in localStorage until the edge has heard of a reset: a site often leaves its page right after it. */
const RESET = "handbill_reset";

let resetting = false;
/** The anonymous id that is made next. The first is the page load's: without consent, polls and events agree by it. */
let next = view;

/** The identified user's id. Read anew each time: another tab may have signed in or out. */
export function userId(): string | undefined {
  return recall(USER);
}

/** The browser's own id for events. It is made when it is first needed. */
export function anonymousId(): string {
  const known = recall(ANONYMOUS);
  if (known) return known;
  const id = next || newId();
  next = "";
  remember(ANONYMOUS, id);
  return id;
}

export function setAnonymousId(id: string): void {
  remember(ANONYMOUS, id);
}

/** A second person on the same browser does not inherit the first one's anonymous id. */
export function setUserId(id: string): void {
  const previous = userId();
  if (previous && previous !== id) forget(ANONYMOUS);
  remember(USER, id);
}

export function forgetIdentity(): void {
  forget(USER);
  forget(ANONYMOUS);
  resetting = true;
  attempt(() => keeper().localStorage.setItem(RESET, "1"));
}

/** Whether the edge has still to hear that whoever used this browser is gone: all that is sent says so until then. */
export function isReset(): true | undefined {
  return resetting || attempt(() => keeper().localStorage.getItem(RESET)) ? true : undefined;
}

export function resetWasHeard(): void {
  resetting = false;
  attempt(() => keeper().localStorage.removeItem(RESET));
}
