import { attempt, type Keeper, KEEPER } from "../storage";

/**
 * What may be kept in the browser, on sites that have rules of consent: the
 * edge puts this before the client in its file. It gives the client a keeper
 * that lets through what the visitor consents to.
 */
/** The operator's rules of consent. */
export interface Rules {
  mode: string;
  /** The site's own cookie that must have this value. */
  cookie?: string;
  value?: string;
  /** Whether Global Privacy Control, or Do Not Track, means no. */
  gpc?: boolean;
  dnt?: boolean;
}

/** What the visitor may consent to, each with more than the one before it. */
const MODES = ["none", "visit", "persistent"];
/** Where a consent that allows more than the site's rules is remembered, as long as it allows. */
const KEY = "handbill_consent";
const COOKIES = ["ajs_user_id", "ajs_anonymous_id"];
const LASTING = [...COOKIES, KEY, "handbill_visit", "handbill_steps", "handbill_reset"];
const OF_THE_TAB = [...LASTING, "handbill_tab", "handbill_when"];

/** The edge appends the call: handbillConsent({…}). */
declare let handbillConsent: (rules: Rules) => void;

handbillConsent = (rules) => {
  let said = attempt(() => localStorage.getItem(KEY)) ?? attempt(() => sessionStorage.getItem(KEY)) ?? undefined;
  /** What was kept until now; before this page, perhaps everything. */
  let kept = MODES.length;

  /** What may be kept now: a banner sets and removes its cookie when it likes. What may not be any more is removed. */
  function level(): number {
    const now = said ? MODES.indexOf(said) : byRules(rules);
    if (now < kept) erase(now);
    return (kept = now);
  }

  function agree(to: string): void {
    if (!MODES.includes(to)) return console.warn(`Handbill: consent("${to}") is unknown; use "persistent", "visit" or "none".`);
    said = to;
    for (const storage of ["localStorage", "sessionStorage"] as const) attempt(() => window[storage].removeItem(KEY));
    level();
    if (MODES.indexOf(to) > byRules(rules)) attempt(() => keeper.localStorage.setItem(KEY, to));
  }

  const keeper: Keeper = {
    get localStorage() {
      return level() > 1 ? localStorage : keeper.sessionStorage;
    },
    get sessionStorage() {
      return (level() ? sessionStorage : undefined)!; // using it fails then, as where storage is blocked
    },
    document: {
      get cookie() {
        return level() ? document.cookie : "";
      },
      set cookie(text) {
        if (level()) document.cookie = kept > 1 ? text : text.replace(/;max-age=[1-9]\d*/, "");
      },
    },
    handbill: {
      get said() {
        return said;
      },
      methods: (look) => ({
        consent(to) {
          agree(`${to}`);
          look();
        },
      }),
    },
  };
  Object.defineProperty(window, KEEPER, { value: keeper });
  level();
};

function byRules({ mode, cookie, value, gpc, dnt }: Rules): number {
  const { globalPrivacyControl, doNotTrack } = navigator as { globalPrivacyControl?: boolean; doNotTrack?: string | null };
  const asked = cookie && !attempt(() => document.cookie.split("; ").includes(`${cookie}=${value}`));
  return asked || (gpc && globalPrivacyControl) || (dnt && doNotTrack === "1") ? 0 : MODES.indexOf(mode);
}

/** Removes what the client stored. The edge's own cookies, which no script sees, go with its next answer. */
function erase(now: number): void {
  for (const key of LASTING) attempt(() => localStorage.removeItem(key));
  if (!now) for (const key of OF_THE_TAB) attempt(() => sessionStorage.removeItem(key));
  for (const key of COOKIES) {
    const gone = `${key}=;path=/;max-age=0`;
    attempt(() => (document.cookie = gone));
    for (let host = location.hostname; host; host = host.split(".").slice(1).join(".")) attempt(() => (document.cookie = `${gone};domain=${host}`));
  }
}
