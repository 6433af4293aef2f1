import type { Placement, Step } from "../message";
import type { Shown } from "../show/extension";
import { type Frame, nameFrame } from "../show/frame";

const KEYS = ["display", "position", "target", "flow", "width", "overlayColor", "arrowColor", "closeOutside"] as const;

/** One frame made of several: each step stands where it says, and the one before stays until the next can. */
export function tour({ content, root, make, mount }: Shown): Frame {
  let frame: Frame | undefined;
  let stands: Placement;
  /** Whether the visitor was in the step before: then the next one takes the focus along. */
  let held = false;
  const ended: (() => void)[] = [];

  function turn(next: Frame, at: Placement, come: () => void): void {
    const first = !frame;
    held = !!root.activeElement;
    frame?.close();
    frame?.root.remove();
    frame = next;
    stands = at;
    mount(next);
    if (first) come();
    else next.open(root.host as HTMLElement, come);
  }

  return {
    get root() {
      return frame!.root;
    },
    get place() {
      return frame!.place;
    },
    wait(step: Step, section, come, missing) {
      const at = step.display ? (step as Placement) : content;
      if (frame && KEYS.every((key) => at[key] === stands[key])) {
        held = false;
        come();
        return undefined;
      }
      const next = make(at);
      nameFrame(next.root, step, section);
      const ready = (): void => turn(next, at, come);
      if (next.wait) return next.wait(step, section, ready, missing);
      ready();
      return undefined;
    },
    open: (host, fill) => frame!.open(host, fill),
    changed() {
      if (held) frame!.root.focus();
      else frame!.changed();
    },
    close: () => frame?.close(),
    onClosed: (callback) => void ended.push(callback),
  };
}
