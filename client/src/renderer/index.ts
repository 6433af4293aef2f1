import type { Content } from "../message";
import { openDocument, speaksToBridge, unpack } from "./document";
import { UnknownDisplay } from "./frame";
import { createHost, type Drawn, type Host, type Options, type StepSettings } from "./protocol";
import { openTree } from "./tree";

/** What the client says. */
interface Said {
  options?: Options;
  capabilities?: unknown;
  action?: string;
  colorScheme?: string;
  displaySettings?: StepSettings[];
  stepId?: string;
  requestId?: unknown;
}

const page = parent;
let drawn: Promise<Drawn | undefined> | undefined;

/** Listens to the client; also once more where a document has taken our page's place, and our listeners with it. */
function listen(): void {
  addEventListener("message", hear);
}

function hear({ source, data }: MessageEvent): void {
  if (source !== page || page === window) return;
  const said = (data ?? {}) as Said;
  // The client posts its options at every load of the frame; a document that is written loads it again.
  if (said.options?.instanceId && !drawn) drawn = draw(createHost(said.options, said.capabilities));
  else void drawn?.then((it) => it && heed(it, said)).catch(() => {});
}

function heed(it: Drawn, { options, action, colorScheme, displaySettings, stepId, requestId }: Said): void {
  if (options) it.repeat();
  else if (action === "updateColorScheme") it.scheme?.(`${colorScheme}`);
  else if (action === "updateDisplaySettings" && Array.isArray(displaySettings)) it.settings(displaySettings);
  else if (action === "showStep") it.showStep(`${stepId}`, requestId);
}

/** Draws a message, or says that it cannot be: a client that hears neither keeps its place for it for good. */
async function draw(host: Host): Promise<Drawn | undefined> {
  try {
    const { gist, handbill } = host.options.properties ?? {};
    const encoded = gist?.encodedMessageHtml;
    const content = handbill?.content as Content | undefined;
    const markup = typeof encoded === "string" && (!content || isDocument(content)) ? await unpack(encoded) : undefined;
    // One that knows no bridge is for our own client, which puts its close button and its look around it.
    if (markup !== undefined && (!content || speaksToBridge(markup))) return await openDocument(host, markup, listen);
    if (content) return openTree(host, content);
    host.fail("content", "there is nothing to draw");
  } catch (error) {
    host.fail(error instanceof UnknownDisplay ? "display" : "content", `${error}`);
  }
  return undefined;
}

/** Whether a message is one document of its author and nothing besides. */
function isDocument({ steps: [first, ...others] }: Content): boolean {
  return !!first?.frame && !others.length && !first.title && !first.image && !first.fields && !first.buttons;
}

listen();
