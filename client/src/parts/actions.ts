import type { Button, Step } from "../message";
import type { Shown } from "../show/extension";

/** What the buttons do that few messages have. */
const ACTIONS: Record<string, (shown: Shown, argument: string, button: Button) => void> = {
  back({ trail, go }, _argument, { action }) {
    trail.pop();
    go(trail.pop(), action);
  },
  goto: ({ steps, go }, name, { action }) => go(stepOf(steps, name), action),
  copy({ root }, text, { name }) {
    // Without a secure connection there is no clipboard to write to.
    navigator.clipboard?.writeText(text).then(
      () => root.querySelector(`[name="${CSS.escape(name)}"]`)?.setAttribute("data-done", ""),
      () => {},
    );
  },
  snooze: ({ dismiss }) => dismiss(),
  show: ({ dismiss }) => dismiss(),
  set: ({ steps, trail, go }, _argument, { action }) => go(steps[steps.indexOf(trail.at(-1)!) + 1], action),
};

export function press(button: Button, shown: Shown): boolean {
  const [word = "", ...rest] = button.action.split(":");
  const act = Object.hasOwn(ACTIONS, word) && ACTIONS[word];
  if (!act) return false;
  shown.happened("action", { actionName: button.name, actionValue: button.action });
  act(shown, rest.join(":"), button);
  return true;
}

function stepOf(steps: Step[], name: string): Step | undefined {
  return steps.find((step) => step.name === name);
}
