// Compares pages with their injected forms by a second HTML parser. Takes a folder of files NAME.original and
// NAME.injected; prints one line for each pair that differs by more than the one element, then the number of pairs.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "parse5";

const folder = process.argv[2];

function isSnippet(node) {
  return node.nodeName === "script" && node.attrs.some(({ name, value }) => name === "src" && value === "/_handbill/client.js");
}

/** Removes the snippet and returns the name of its parent; "" where there is none, or more than one. */
function takeOut(tree) {
  const found = [];
  const open = [tree];
  while (open.length > 0) {
    const node = open.pop();
    for (const child of node.childNodes ?? []) {
      if (isSnippet(child)) found.push(child);
      open.push(child);
    }
    if (node.content) open.push(node.content);
  }
  if (found.length !== 1) return "";
  const { parentNode } = found[0];
  parentNode.childNodes.splice(parentNode.childNodes.indexOf(found[0]), 1);
  return parentNode.nodeName;
}

/** Says where two trees differ first; "" where they do not. */
function difference(left, right) {
  const open = [[left, right, ""]];
  while (open.length > 0) {
    const [a, b, path] = open.pop();
    const here = `${path}/${a.nodeName}`;
    for (const key of ["nodeName", "namespaceURI", "value", "data", "mode", "publicId", "systemId"]) {
      if (a[key] !== b[key]) return `${here}: ${key} is ${JSON.stringify(a[key])} and ${JSON.stringify(b[key])}`;
    }
    if (JSON.stringify(a.attrs) !== JSON.stringify(b.attrs)) return `${here}: attributes`;
    const [some, others] = [a.childNodes ?? [], b.childNodes ?? []];
    if (some.length !== others.length) return `${here}: ${some.length} and ${others.length} children`;
    some.forEach((child, i) => open.push([child, others[i], here]));
    if (a.content) open.push([a.content, b.content, here]);
  }
  return "";
}

let pairs = 0;
for (const name of readdirSync(folder).filter((file) => file.endsWith(".original"))) {
  const read = (kind) => parse(readFileSync(join(folder, name.replace(/original$/, kind)), "utf8"));
  const injected = read("injected");
  const parent = takeOut(injected);
  const problem = parent === "head" ? difference(read("original"), injected) : `the snippet is in ${JSON.stringify(parent)}`;
  if (problem) console.log(`${name}: ${problem}`);
  pairs++;
}
console.log(`${pairs} pairs`);
