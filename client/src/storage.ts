/**
 * Values that outlive the page, as the reference client keeps them: in a cookie
 * of the whole registrable domain and in localStorage. Either may be blocked;
 * then the value lives as long as the page.
 */
const YEAR = 31_536_000;
const memory = new Map<string, string>();
let domain: string | undefined;

export function recall(key: string): string | undefined {
  return readCookie(key) ?? attempt(() => unquote(localStorage.getItem(key))) ?? memory.get(key);
}

export function remember(key: string, value: string): void {
  writeCookie(key, encodeURIComponent(value), YEAR);
  attempt(() => localStorage.setItem(key, JSON.stringify(value)));
  if (recall(key) !== value) memory.set(key, value);
}

export function forget(key: string): void {
  writeCookie(key, "", 0);
  writeCookie(key, "", 0, "");
  attempt(() => localStorage.removeItem(key));
  memory.delete(key);
}

/** Runs what a browser may refuse, such as any access to blocked storage. */
export function attempt<Result>(action: () => Result): Result | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

function readCookie(key: string): string | undefined {
  return attempt(() => {
    const found = document.cookie.split("; ").find((pair) => pair.startsWith(key + "="));
    return found && unquote(decodeURIComponent(found.slice(key.length + 1)));
  });
}

function writeCookie(key: string, value: string, maxAge: number, on = (domain ??= broadestDomain())): void {
  const secure = location.protocol === "https:" ? ";secure" : "";
  attempt(() => (document.cookie = `${key}=${value};path=/;max-age=${maxAge};samesite=lax${secure}${on && `;domain=${on}`}`));
}

/** The shortest domain on which this page may set a cookie: browsers refuse public suffixes. Empty: only the host itself. */
function broadestDomain(): string {
  const labels = location.hostname.split(".");
  for (let count = 2; count <= labels.length; count++) {
    const candidate = labels.slice(-count).join(".");
    const probe = "handbill_probe";
    writeCookie(probe, "1", 9, candidate);
    const accepted = readCookie(probe);
    writeCookie(probe, "", 0, candidate);
    if (accepted) return candidate;
  }
  return "";
}

/** analytics.js writes JSON strings, and null for nobody; older versions and servers write the bare value. */
function unquote(text: string | null): string | undefined {
  if (!text || text === "null") return undefined;
  return text.startsWith('"') ? String(JSON.parse(text)) : text;
}
