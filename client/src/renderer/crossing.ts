import { newId } from "../id";
import type { Button, Step } from "../message";
import type { Extension, Shown } from "../show/extension";
import type { DisplaySettings, Host } from "./protocol";

/** Asks the client before a step comes up that belongs to another page: it may lead there first. */
export function createCrossing(host: Host, settingsFor: (step: string) => DisplaySettings | undefined): Extension & { answered(step: string, requestId: unknown): void } {
  let asked: { id: string; step: Step; shown: Shown; action: string } | undefined;

  function press(button: Button, shown: Shown): boolean {
    const step = following(button.action, shown);
    if (!step) return false;
    const settings = settingsFor(step.name);
    if (!settings?.pageUrl || !host.can("CrossPageStepNavigation")) return false;
    shown.happened("action", { actionName: button.name, actionValue: button.action });
    const id = newId();
    asked = { id, step, shown, action: button.action };
    host.request(step.name, settings, button.name, id);
    return true;
  }

  function answered(name: string, requestId: unknown): void {
    if (!asked || asked.step.name !== name || asked.id !== requestId) return;
    const { step, shown, action } = asked;
    asked = undefined;
    shown.go(step, action);
  }

  return { press, answered };
}

/** The step that an action only turns to. */
function following(action: string, { steps, trail }: Shown): Step | undefined {
  if (action === "next") return steps[steps.indexOf(trail.at(-1)!) + 1];
  if (action === "back") return trail.at(-2);
  return action.startsWith("goto:") ? steps.find(({ name }) => name === action.slice("goto:".length)) : undefined;
}
