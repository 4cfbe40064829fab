// Asks for the stack's state every few seconds and shows it; sends requests to its functions. Whatever comes is put in as text.
"use strict";

const SECONDS = 2;
const at = (id) => document.getElementById(id);
let functions = [];
let updated = 0;
let drawn = "";

function element(name, text, kind = "") {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = kind;
  return made;
}

function row(...cells) {
  const made = document.createElement("tr");
  made.append(...cells);
  return made;
}

// Only what differs is put in: a selection, or the place that is scrolled to, stays.
function fill(id, ...children) {
  const scratch = document.createElement("div");
  scratch.append(...children);
  if (at(id).innerHTML !== scratch.innerHTML) at(id).replaceChildren(...scratch.childNodes);
}

function mood(resource) {
  if (!resource.state) return "dim";
  return ["available", "active", "running", "stopped", "in-use"].includes(resource.state) ? "good" : "busy";
}

function resources(listed) {
  const rows = [];
  for (const area of new Set(listed.map((each) => each.area))) {
    const title = element("th", area);
    title.colSpan = 3;
    title.scope = "rowgroup";
    rows.push(row(title));
    for (const each of listed.filter((one) => one.area === area)) {
      const state = each.id ? each.state || "exists" : each.state || "missing";
      const kind = each.id ? mood(each) : each.state ? "busy" : "bad";
      rows.push(row(element("td", each.name), element("td", state, kind), element("td", each.id, "id dim")));
    }
  }
  fill("resources", ...rows);
  const there = listed.filter((each) => each.id).length;
  at("sums").textContent = `${there} of ${listed.length} resources`;
}

function functionLines(each) {
  const version = each.version ? `, version ${each.version} of ${each.published}` : "";
  const lines = [element("p", `${each.healthy ? "✓" : "✗"} ${each.name}: ${each.state}${version}`, each.healthy ? "good" : "bad")];
  for (const failure of each.failures || []) {
    lines.push(element("p", `${clock(failure.at)} ${failure.line}`, "bad mono"));
  }
  for (const route of each.routes) lines.push(element("p", `${route.route.split(" ")[0]} ${route.url}`, "dim mono"));
  return lines;
}

function options(select, values) {
  if (select.dataset.values === JSON.stringify(values)) return;
  select.dataset.values = JSON.stringify(values);
  select.replaceChildren(...values.map(([value, text]) => Object.assign(element("option", text), { value })));
  select.dispatchEvent(new Event("change"));
}

function events(listed) {
  at("quiet").hidden = listed.length > 0;
  const rows = listed.map((each) => {
    const kind = { ready: "good", deleted: "good", failed: "bad", stopped: "", began: "" }[each.step] ?? "busy";
    const what = each.step === "began" ? "run" : each.step;
    return row(element("td", clock(each.at), "dim"), element("td", each.resource), element("td", what, kind), element("td", each.detail, "id dim"));
  });
  fill("events", ...rows.reverse());
}

function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString("en-GB");
}

// The picture is fetched again only when something in it may have changed.
function picture(state) {
  const shown = JSON.stringify([state.resources, state.paused]);
  if (shown === drawn) return;
  drawn = shown;
  at("picture").src = `picture.svg?at=${state.at}`;
  at("picture").hidden = false;
}

function show(state) {
  at("error").hidden = !state.error;
  at("error").textContent = state.error || "";
  events(state.events);
  if (!state.resources) return;
  updated = state.at;
  functions = state.functions;
  document.title = `${state.stack} - awsprov`;
  at("stack").textContent = state.stack + (state.paused ? " (paused)" : "");
  at("where").textContent = state.where;
  at("cost").textContent = state.resources.some((each) => each.id)
    ? `On AWS: ${state.cost}` : "Nothing of it stands yet: awsprov up --local makes it.";
  resources(state.resources);
  fill("functions", ...functions.flatMap(functionLines));
  options(at("function"), functions.map((each) => [each.name, each.name]));
  picture(state);
  at("send").disabled = at("send").dataset.busy === "yes" || !functions.some((each) => each.version);
}

async function look() {
  try {
    const answer = await fetch("state");
    show(await answer.json());
  } catch {
    at("error").hidden = false;
    at("error").textContent = "The page's server has ended; awsprov local open starts it again.";
  }
  setTimeout(look, SECONDS * 1000);
}

function choose() {
  const chosen = functions.find((each) => each.name === at("function").value);
  if (!chosen) return;
  const routes = chosen.routes.filter((each) => each.callable).map((each) => [each.route, `API: ${each.route}`]);
  options(at("route"), [["", "Lambda"], ...routes]);
  at("payload").value = pretty(chosen.sample);
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

async function send(event) {
  event.preventDefault();
  const body = { function: at("function").value, route: at("route").value, payload: at("payload").value };
  busy(true);
  at("outcome").textContent = "Waiting …";
  at("outcome").className = "dim";
  try {
    const answer = await fetch("ask", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
    showReply(await answer.json());
  } catch {
    showReply({ error: "The page's server does not answer." });
  }
  busy(false);
}

function busy(yes) {
  at("send").dataset.busy = yes ? "yes" : "";
  at("send").disabled = yes;
}

function showReply(reply) {
  at("outcome").className = reply.succeeded ? "good" : "bad";
  at("outcome").textContent = reply.error || `${reply.status}, ${reply.seconds} s`;
  at("answered").hidden = Boolean(reply.error);
  at("answer").textContent = pretty(reply.body || "");
  at("log").textContent = reply.log || "(nothing)";
}

setInterval(() => {
  if (updated) at("age").textContent = `updated ${Math.max(0, Math.round(Date.now() / 1000 - updated))} s ago`;
}, 1000);
at("function").addEventListener("change", choose);
at("form").addEventListener("submit", send);
look();
