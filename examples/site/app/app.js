// The workshop's own pages: one document, three routes, history.pushState between them.

const jobs = [
  { id: "oak-table", name: "Oak table", customer: "Brandt", done: 80 },
  { id: "shop-fitting", name: "Shop fitting", customer: "Ferro", done: 35 },
  { id: "stairs", name: "Stairs, second floor", customer: "Okafor", done: 10 },
];

const routes = {
  "/app/": { title: "Today", render: today },
  "/app/projects": { title: "Jobs", render: projects },
  "/app/settings": { title: "Settings", render: settings },
};

function today(view) {
  view.append(
    element("h1", {}, "Today"),
    element("p", { className: "lead" }, "Two people at the bench, one delivery at four."),
    element("ul", { className: "cards" },
      card("now", "On the bench", "Oak table for Brandt: oiling, second coat."),
      card("next", "Next", "Shop fitting for Ferro: glazing arrives tomorrow."),
      card("unpaid", "Not paid yet", "One invoice, two weeks old. The reminder is written.")),
  );
}

function projects(view) {
  const list = element("ul", { className: "cards", id: "jobs" });
  for (const job of jobs) {
    const bar = element("span", {});
    bar.style.width = `${job.done}%`;
    list.append(element("li", { className: "card", id: job.id },
      element("h2", {}, job.name),
      element("p", {}, `${job.customer}, ${job.done} % done`),
      element("div", { className: "bar" }, bar)));
  }
  view.append(element("h1", {}, "Jobs"), list);
}

function settings(view) {
  const form = element("form", { id: "settings" },
    field("workshop", "Name of the workshop", element("input", { name: "workshop", value: "Brandt & Daughter Joinery", autocomplete: "organization" })),
    field("prefix", "Prefix of invoice numbers", element("input", { name: "prefix", value: "TB-", autocomplete: "off" })),
    field("period", "Paid", select("period", ["by the month", "by the year"])),
    element("button", { className: "button", type: "submit" }, "Save"),
    element("p", { id: "saved", role: "status" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    form.querySelector("#saved").textContent = "Saved.";
  });
  view.append(element("h1", {}, "Settings"), form);
}

function card(id, title, text) {
  return element("li", { className: "card", id }, element("h2", {}, title), element("p", {}, text));
}

function field(id, label, control) {
  control.id = id;
  return element("div", { className: "field" }, element("label", { htmlFor: id }, label), control);
}

function select(name, choices) {
  return element("select", { name }, ...choices.map((choice) => element("option", {}, choice)));
}

function element(name, properties, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

function show(path) {
  const route = routes[path] ?? routes["/app/"];
  const view = document.getElementById("view");
  view.replaceChildren();
  route.render(view);
  document.title = `${route.title} - Tallowby`;
  for (const link of document.querySelectorAll("#app-nav a")) {
    if (link.pathname === path) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || link.origin !== location.origin || !(link.pathname in routes)) return;
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  if (link.pathname !== location.pathname) history.pushState(null, "", link.href);
  show(location.pathname);
  document.getElementById("view").focus();
});

addEventListener("popstate", () => show(location.pathname));
show(location.pathname);
