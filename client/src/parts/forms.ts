import { element } from "../dom";
import type { Button, Field, Step } from "../message";
import type { Shown } from "../show/extension";
import css from "./forms.css";

type Answer = string | number | boolean | string[];

const FACES = ["\u{1F61E}", "\u{1F641}", "\u{1F610}", "\u{1F642}", "\u{1F600}"];

let sheet: CSSStyleSheet | undefined;

/** The fields of each step with what was written in them, by the steps that came up: a message that comes again has the same. */
const written = new WeakMap<Step[], Map<Step, HTMLElement>>();

/** Puts a step's fields before its buttons. Content.HTML in Go writes the same tree; a test holds them equal. */
export function build(step: Step, section: HTMLElement, shown: Shown): void {
  if (!step.fields) return;
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
  }
  shown.root.adoptedStyleSheets = [...new Set([...shown.root.adoptedStyleSheets, sheet])];
  const known = written.get(shown.trail) ?? new Map<Step, HTMLElement>();
  const fields = known.get(step) ?? buildFields(step);
  written.set(shown.trail, known.set(step, fields));
  section.insertBefore(fields, section.querySelector(":scope > .buttons"));
}

function buildFields(step: Step): HTMLElement {
  const fields = element("div", { class: "fields" }, ...step.fields!.map(buildField));
  fields.addEventListener("keydown", (event) => {
    // Enter sends a form, except where it begins another line.
    if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement) || event.isComposing) return;
    event.preventDefault();
    fields.parentElement!.querySelector<HTMLElement>('.buttons > [value="submit"]')?.click();
  });
  // What was said to be wrong is looked at again as soon as it changes.
  fields.addEventListener("input", ({ target }) => {
    const around = (target as Element).closest<HTMLElement>(".field")!;
    const field = step.fields!.find(({ name }) => around === fieldElement(fields, name));
    if (field && around.querySelector(".error")) check(field, around);
  });
  return fields;
}

export function press(button: Button, shown: Shown): boolean {
  if (button.action !== "submit") return false;
  const { steps, trail, root } = shown;
  const step = trail.at(-1)!;
  const wrong = (step.fields ?? []).filter((field) => !check(field, fieldElement(root, field.name)));
  if (wrong[0]) {
    controls(fieldElement(root, wrong[0].name))[0]!.focus();
    return true;
  }
  const answers: Record<string, Answer> = {};
  for (const field of step.fields ?? []) {
    const answer = answerOf(field, fieldElement(root, field.name));
    if (answer !== undefined) answers[field.name] = answer;
  }
  shown.happened("action", { actionName: button.name, actionValue: button.action, step: step.name, answers });
  const name = step.fields?.map((field) => leadsTo(field, answers[field.name])).find(Boolean);
  shown.go(name ? steps.find((other) => other.name === name) : steps[steps.indexOf(step) + 1], button.action);
  return true;
}

function fieldElement(within: ParentNode, name: string): HTMLElement {
  return within.querySelector(`[name="${CSS.escape(name)}"]:is(input, textarea)`)!.closest<HTMLElement>(".field")!;
}

function controls(around: HTMLElement): (HTMLInputElement | HTMLTextAreaElement)[] {
  return [...around.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input, textarea")];
}

function buildField(field: Field): HTMLElement {
  const { name, type, label, placeholder, min, max } = field;
  const required = field.required ? "" : undefined;
  if (field.options || type === "rating" || type === "nps") return buildChoice(field, required);
  const id = `field-${name}`;
  const question = element("label", { for: id }, label);
  const common = { id, name, placeholder, required };
  const parts =
    type === "consent" ? [element("input", { id, name, type: "checkbox", value: "true", required }), question]
    : type === "textarea" ? [question, element("textarea", { ...common, rows: 3, minlength: min, maxlength: max })]
    : type === "number" ? [question, element("input", { ...common, type, step: "any", min, max })]
    : [question, element("input", { ...common, type, minlength: min, maxlength: max })];
  return element("div", { class: "field", "data-type": type }, ...parts);
}

function buildChoice({ name, type, label, scale, low, high, min = 1, max = 5, options }: Field, required: string | undefined): HTMLElement {
  const kind = type === "multi" ? "checkbox" : "radio";
  const choices = options?.map(({ value, text }) => ({ value, text, hint: undefined as string | undefined })) ?? [];
  for (let number = min; !options && number <= max; number++) {
    const text = scale === "stars" ? "\u2605" : scale === "emoji" ? FACES[number - 1]! : `${number}`;
    choices.push({ value: `${number}`, text, hint: text === `${number}` ? undefined : `${number}/${max}` });
  }
  const boxes = choices.map(({ value, text, hint }) =>
    element(
      "label",
      {},
      element("input", { type: kind, name, value, "aria-label": hint, required: kind === "radio" ? required : undefined }),
      element("span", {}, text),
    ),
  );
  const made = element(
    "fieldset",
    { class: "field", "data-type": type, "data-scale": scale },
    element("legend", {}, label),
    element("div", { class: "options" }, ...boxes),
  );
  if (low || high) made.append(element("p", { class: "ends" }, element("span", {}, low ?? ""), element("span", {}, high ?? "")));
  return made;
}

/** Says what is wrong with an answer, and whether nothing is. The browser's own checks and words, where it has them. */
function check(field: Field, around: HTMLElement): boolean {
  const all = controls(around);
  const [first] = all as [HTMLInputElement];
  first.setCustomValidity("");
  const chosen = all.filter((box) => (box as HTMLInputElement).checked).length;
  if (field.type === "multi" && (field.required || chosen)) {
    const { min = 1, max = all.length } = field;
    if (chosen < min || chosen > max) first.setCustomValidity(min === max ? `${min}` : `${min} \u2013 ${max}`);
  }
  // What script fills in is not checked by length, and blanks are no answer.
  if (field.required && all.length === 1 && first.type !== "checkbox" && !first.value.trim()) first.value = "";
  const right = first.validity.valid;
  let error = around.querySelector<HTMLElement>(".error");
  if (right) error?.remove();
  else {
    error ??= around.appendChild(element("p", { class: "error", id: `error-${field.name}`, role: "alert" }));
    const text = field.error ?? first.validationMessage;
    if (error.textContent !== text) error.textContent = text;
  }
  for (const control of all) {
    control.toggleAttribute("aria-invalid", !right);
    if (right) control.removeAttribute("aria-describedby");
    else {
      control.setAttribute("aria-invalid", "true");
      control.setAttribute("aria-describedby", error!.id);
    }
  }
  return right;
}

function answerOf(field: Field, around: HTMLElement): Answer | undefined {
  const all = controls(around);
  const values = all.filter((box) => (box as HTMLInputElement).checked).map(({ value }) => value);
  const { value } = all[0]!;
  switch (field.type) {
    case "consent":
      return values.length > 0;
    case "multi":
      return values.length ? values : undefined;
    case "single":
      return values[0];
    case "rating":
    case "nps":
      return values[0] && Number(values[0]);
    case "number":
      return value && Number(value);
    default:
      return value.trim() || undefined;
  }
}

function leadsTo(field: Field, answer: Answer | undefined): string | undefined {
  if (typeof answer === "number") return field.ranges?.find(({ from, to }) => answer >= from && answer <= to)?.goto;
  return field.options?.find(({ value, goto }) => goto && (Array.isArray(answer) ? answer.includes(value) : answer === value))?.goto;
}
