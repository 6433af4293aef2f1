/** How often messages come again on one page that takes them off. */
const INSISTENCE = 10;

/** After these, Turbo and htmx have brought a page, or a part of it, anew. What they take off with it says nothing about us. */
const BROUGHT = ["turbo:render", "turbo:frame-render", "htmx:afterSwap", "htmx:after:swap"];

let page = "";
let times = 0;
/** Set as long as what was taken off at once is told of. */
let turn = 0;

for (const brought of BROUGHT) document.addEventListener(brought, () => (times = 0));

/**
 * The page has taken a message off. Libraries such as htmx and Turbo change it whole: perhaps it is another one now; else
 * what is due comes again, until the page has its will, which is told.
 */
export function swept(look: () => unknown, away: () => void): void {
  if (page !== (page = location.href)) times = 0;
  if (!turn) times++;
  turn ||= setTimeout(() => (turn = 0));
  if (times <= INSISTENCE) look();
  else away();
  // What such a library keeps, for those who come back to a page, has copies of us.
  for (const copy of document.querySelectorAll("handbill-message")) if (!copy.shadowRoot) copy.remove();
}
