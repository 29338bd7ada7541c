/* The admin page of the sandbox. It only shows and asks: everything is done by the entries under /sandbox.
   Whatever comes from the server becomes text, never markup. */
"use strict";

const LOGGED = 2000, ROWS = 400, SECONDS = 120, PULSE = 1000, SVG = "http://www.w3.org/2000/svg";
const STATUSES = [["2", "2xx"], ["3", "3xx"], ["4", "4xx"], ["5", "5xx"]];
const STATES = [["waiting", "waiting"], ["alerting", "alerting"], ["interacting", "interacting"], ["onQueue", "on queue"]];

// --- helpers --------------------------------------------------------------------------------------

const $ = (id) => document.getElementById(id);

function add(parent, children) {
  for (const child of children.flat(Infinity)) if (child != null) parent.append(child);
  return parent;
}

function el(tag, given = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class") made.className = value;
    else if (value === true) made.setAttribute(name, "");
    else if (value != null && value !== false) made.setAttribute(name, value);
  }
  return add(made, children);
}

function svg(tag, given = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(given)) made.setAttribute(name, value);
  return add(made, children);
}

function note(text, bad = false) {
  const shown = el("p", { class: bad ? "bad" : "" }, text);
  $("notes").append(shown);
  setTimeout(() => shown.remove(), bad ? 9000 : 4000);
}

/** Ask an entry; an answer that is no success is an error with what it says. */
async function ask(method, path, body, type = "application/json") {
  const options = { method, cache: "no-store", headers: {} };
  if (body !== undefined) {
    options.body = type === "application/json" ? JSON.stringify(body) : body;
    options.headers["Content-Type"] = type;
  }
  const reply = await fetch(path, options);
  const answer = await reply.json().catch(() => ({}));
  if (!reply.ok) {
    const problems = (answer.details || []).map((detail) => detail.fieldName).filter(Boolean);
    throw new Error([answer.message || `status ${reply.status}`, ...problems].join("\n"));
  }
  return answer;
}

const get = (path, query = {}) => ask("GET", Object.keys(query).length ? `${path}?${new URLSearchParams(query)}` : path);

/** Make a handler out of what may fail: the person is told, and the form stays as it is. */
function doing(act, done) {
  return async (event) => {
    if (event && event.type === "submit") event.preventDefault();
    try {
      await act(event);
      if (done) note(done);
    } catch (error) {
      note(error.message, true);
    }
  };
}

const on = (id, type, act, done) => $(id).addEventListener(type, doing(act, done));

function sure(text) {
  $("asked").textContent = text;
  $("question").returnValue = "no";
  $("question").showModal();
  return new Promise((resolve) =>
    $("question").addEventListener("close", () => resolve($("question").returnValue === "yes"), { once: true }));
}

function later(act, milliseconds = 200) {
  let timer = 0;
  return () => { clearTimeout(timer); timer = setTimeout(act, milliseconds); };
}

function pretty(text) {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}

// --- views ----------------------------------------------------------------------------------------

const VIEWS = {
  requests: null, activity: watchQueues, entities: () => types.length || loadTypes(), notifications: openNotifications,
  faults: loadFaults, time: loadSnapshots,
};
let view = "requests";

function turn() {
  const wanted = location.hash.slice(1);
  view = Object.hasOwn(VIEWS, wanted) ? wanted : "requests";
  for (const name of Object.keys(VIEWS)) $(name).hidden = name !== view;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${view}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  $("main").scrollTop = 0; // The browser has scrolled to the view that the address names.
  if (VIEWS[view]) doing(VIEWS[view])();
  drawRequests();
}

// --- what is new, every second --------------------------------------------------------------------

let last = 0, asking = false, statistics = null, paused = false, log = [];

async function beat() {
  if (asking) return;
  asking = true;
  try {
    const found = await get("pulse", { after: last });
    if (found.statistics.total < last) { last = 0; return; } // Another sandbox has taken its place.
    last = found.statistics.total;
    statistics = found.statistics;
    showClock(found.clock);
    badge("connected", found.connected);
    badge("faulty", found.faults);
    link("live", "good");
    if (found.requests.length) take(found.requests);
    drawRequests();
    if (view === "activity") await watchQueues();
    if (view === "notifications") await loadChannels();
    if (view === "faults") await loadFaults();
  } catch (error) {
    link(error instanceof TypeError ? "not reached" : error.message, "bad");
  } finally {
    asking = false;
  }
}

async function beats() {
  if (!document.hidden) await beat();
  setTimeout(beats, PULSE);
}

function link(text, how) {
  if ($("link").textContent !== text) { $("link").textContent = text; $("link").className = `chip ${how}`; }
}

function badge(id, count) {
  $(id).textContent = count;
  $(id).hidden = !count;
}

// --- requests -------------------------------------------------------------------------------------

let chosen = 0, unseen = 0;

function wanted(request) {
  const text = $("filter").value.trim().toLowerCase(), status = $("status").value;
  const said = `${request.method} ${request.url} ${request.operation} ${request.correlationId}`.toLowerCase();
  return (!status || String(request.status).startsWith(status)) && text.split(/\s+/).every((part) => said.includes(part));
}

function take(requests) {
  log = [...log, ...requests].slice(-LOGGED);
  if (paused) { unseen += requests.length; count(); return; }
  const rows = requests.filter(wanted).slice(-ROWS).map(row).reverse();
  $("log").prepend(...rows);
  while ($("log").childElementCount > ROWS) $("log").lastElementChild.remove();
  count();
}

function relist() {
  $("log").replaceChildren(...log.filter(wanted).slice(-ROWS).map(row).reverse());
  unseen = 0;
  count();
}

function count() {
  const fitting = log.filter(wanted).length, rows = $("log").childElementCount;
  $("nolog").hidden = log.length > 0;
  $("shown").textContent = unseen ? `${unseen} more since the pause`
    : fitting > rows ? `the last ${rows} of ${fitting}` : log.length > fitting ? `${fitting} of ${log.length}` : log.length || "";
}

function row(request) {
  const path = request.url.replace(/^[a-z]+:\/\/[^/]*/, "");
  const time = new Date(request.time * 1000).toLocaleTimeString([], { hour12: false });
  const open = doing(() => detail(request.number));
  return el("tr", { "data-number": request.number, class: request.number === chosen ? "chosen" : "", onclick: open },
    el("td", {}, time), el("td", {}, request.method),
    el("td", { class: `code${String(request.status)[0]}` }, String(request.status)),
    el("td", {}, el("button", { type: "button" }, path), request.operation ? el("small", {}, request.operation) : null),
    el("td", { class: "num" }, request.milliseconds.toFixed(request.milliseconds < 10 ? 2 : 0)));
}

async function detail(number) {
  const found = await get(`requests/${number}`);
  chosen = number;
  for (const shown of $("log").children) shown.classList.toggle("chosen", shown.dataset.number === String(number));
  const part = (title, side) => [
    el("h3", {}, title), facts(side.headers), side.body ? el("pre", {}, pretty(side.body)) : el("p", { class: "quiet" }, "no body"),
  ];
  const close = () => { chosen = 0; $("request").hidden = true; $("requests").querySelector(".split").classList.remove("open"); };
  $("request").replaceChildren(
    el("div", { class: "bar" }, el("h2", {}, `${found.method} ${found.url}`), el("button", { type: "button", onclick: close }, "Close")),
    facts({
      status: found.status, operation: found.operation || "none of the definition", "correlation id": found.correlationId,
      time: new Date(found.time * 1000).toISOString(), took: `${found.milliseconds} ms`,
    }),
    ...part("Request", found.request), ...part("Response", found.response));
  $("request").hidden = false;
  $("request").scrollTop = 0;
  $("requests").querySelector(".split").classList.add("open");
}

function facts(pairs) {
  return el("dl", {}, Object.entries(pairs).filter(([, value]) => value !== "")
    .map(([name, value]) => [el("dt", {}, name), el("dd", {}, String(value))]));
}

// --- charts ---------------------------------------------------------------------------------------

function legend(id, entries) {
  $(id).replaceChildren(...entries.map(([name, label]) => el("span", {}, el("i", { class: `f-${name}` }), label)));
}

/** A whole number at or above the highest value that divides well. */
function ceiling(highest) {
  const power = 10 ** Math.floor(Math.log10(Math.max(highest, 1)));
  return Math.max([1, 2, 5, 10].map((step) => step * power).find((top) => top >= highest), 2);
}

function frame(width, height, top, label, left, right) {
  const y = (value) => height - 18 - (value / top) * (height - 30);
  const lines = [0, top / 2, top].map((value) => [
    svg("line", { class: "grid", x1: 36, x2: width, y1: y(value), y2: y(value) }),
    svg("text", { x: 30, y: y(value) + 4, "text-anchor": "end" }, String(value)),
  ]);
  return [y, svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": label },
    lines, svg("text", { x: 36, y: height - 4 }, left), svg("text", { x: width, y: height - 4, "text-anchor": "end" }, right))];
}

/** As wide as there is room, so that text keeps its form. */
const room = (id) => Math.max(280, $(id).clientWidth);

function drawRequests() {
  if (view !== "activity" || !statistics) return;
  const first = statistics.second - SECONDS, seconds = new Map(statistics.bySecond.map((entry) => [entry.second, entry.byStatus]));
  const bars = Array.from({ length: SECONDS }, (_, at) => {
    const counts = {};
    for (const [status, count] of Object.entries(seconds.get(first + at + 1) || {})) counts[status[0]] = (counts[status[0]] || 0) + count;
    return counts;
  });
  const sum = (counts) => Object.values(counts).reduce((all, count) => all + count, 0);
  const width = room("requestchart"), top = ceiling(Math.max(...bars.map(sum)));
  const total = bars.reduce((all, counts) => all + sum(counts), 0);
  const [y, chart] = frame(width, 192, top, `${total} requests in the last two minutes, at most ${Math.max(...bars.map(sum))} in a second`, "2 minutes ago", "now");
  const step = (width - 36) / SECONDS;
  bars.forEach((counts, at) => {
    let below = 0;
    for (const [status, name] of STATUSES) {
      if (!counts[status]) continue;
      const high = y(below) - y(below + counts[status]);
      below += counts[status];
      chart.append(svg("rect", { class: `f-${status}`, x: 36 + at * step + 0.5, y: y(below), width: step - 1, height: high },
        svg("title", {}, `${counts[status]} × ${name}, ${SECONDS - 1 - at} s ago`)));
    }
  });
  $("requestchart").replaceChildren(chart);
  legend("perstatus", STATUSES.map(([status, name]) => [status, `${name}: ${bars.reduce((all, counts) => all + (counts[status] || 0), 0)}`]));
}

const samples = [];

async function watchQueues() {
  const found = await get("queues", { find: $("queuefilter").value.trim(), limit: 15 });
  const now = found.totals;
  samples.push(now);
  if (samples.length > SECONDS) samples.shift();
  drawQueues(now);
  $("queuecount").textContent = `${found.queues.length} of ${found.total}, the busiest first`;
  const most = Math.max(1, ...found.queues.map((queue) => parts(queue).reduce((all, [, , count]) => all + count, 0)));
  $("queues").replaceChildren(...found.queues.map((queue) => el("tr", {},
    el("td", {}, queue.name),
    [...STATES.map(([name]) => name), "members"].map((name) => el("td", { class: "num" }, String(queue[name]))),
    el("td", {}, meter(queue, most)))));
}

/** The states of a queue with their counts; what alerts somebody waits, too, and is counted once. */
function parts(queue) {
  const counts = { ...queue, waiting: Math.max(0, queue.waiting - queue.alerting) };
  return STATES.map(([name, label]) => [name, label, counts[name]]);
}

function meter(queue, most) {
  return el("span", { class: "meter" }, parts(queue).filter(([, , count]) => count).map(([name, label, count]) => {
    const part = el("i", { class: `f-${name}`, title: `${count} ${label}` });
    part.style.width = `${(100 * count) / most}%`;
    return part;
  }));
}

function drawQueues(now) {
  const width = room("queuechart"), shown = STATES.slice(0, 3);
  const top = ceiling(Math.max(...samples.flatMap((sample) => shown.map(([name]) => sample[name]))));
  const said = shown.map(([name, label]) => `${now[name]} ${label}`).join(", ");
  const [y, chart] = frame(width, 192, top, `Conversations in all queues now: ${said}`, "", "now");
  const step = (width - 36) / (SECONDS - 1);
  for (const [name] of shown) {
    const points = samples.map((sample, at) => `${36 + (SECONDS - samples.length + at) * step},${y(sample[name])}`);
    const line = points.length > 1 ? points : [...points, points[0]];
    chart.append(svg("path", { class: `f-${name}`, d: `M${line.join("L")}`, "stroke-linecap": "round" }));
  }
  $("queuechart").replaceChildren(chart);
  legend("perqueue", shown.map(([name, label]) => [name, `${label}: ${now[name]}`]));
}

// --- entities -------------------------------------------------------------------------------------

let types = [], type = "", place = 0, entity = "", saved = "";
const PER_PAGE = 50;

async function loadTypes() {
  const found = await get("collections");
  types = [...found.collections, ...found.documents.map((path) => ({ path, document: true }))];
  listTypes();
}

function listTypes() {
  const text = $("typefilter").value.trim().toLowerCase();
  const fitting = types.filter(({ path, model }) => path.toLowerCase().includes(text) || (model || "").toLowerCase().includes(text));
  $("types").replaceChildren(...fitting.map((entry) => {
    const open = () => (entry.document ? openEntity(entry.path) : openType(entry.path));
    return el("li", {}, el("button", { type: "button", onclick: doing(open), "data-path": entry.path },
      entry.path.replace("/api/v2/", ""), el("small", {}, entry.document ? "document" : entry.model)),
      el("span", { class: "quiet num" }, entry.document ? "" : String(entry.count)));
  }));
  mark("types", type);
}

function openType(path) {
  type = path;
  place = 0;
  $("find").value = "";
  mark("types", type);
  return listEntities();
}

/** Show which one of a list is open, without making the list anew: the focus stays where it is. */
function mark(id, path) {
  for (const button of $(id).querySelectorAll("button")) {
    if (button.dataset.path === path) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

async function listEntities() {
  if (!type) return;
  const found = await get("entities", { path: type, from: place, count: PER_PAGE, find: $("find").value.trim() });
  const end = place + found.entities.length;
  $("range").textContent = found.total ? `${place + 1} to ${end} of ${found.total}` : "Nothing here.";
  $("earlier").disabled = place === 0;
  $("later").disabled = end >= found.total;
  $("found").replaceChildren(...found.entities.map((one) => el("li", {},
    el("button", { type: "button", onclick: doing(() => openEntity(one.path)), "data-path": one.path },
      one.label || one.id, one.label ? el("small", {}, one.id) : null))));
  mark("found", entity);
}

async function openEntity(path) {
  if (path !== entity && $("entitybody").value !== saved && !(await sure("Leave the changes that were not saved?"))) return;
  keepEntity(path, await get("entity", { path }));
  mark("found", entity);
}

function keepEntity(path, found) {
  entity = path;
  $("entitybody").value = JSON.stringify(found, null, 2);
  saved = $("entitybody").value;
  $("entitypath").textContent = path;
  $("entity").hidden = false;
}

function parsed(text) {
  try { return JSON.parse(text); } catch (error) { throw new Error(`This is not JSON: ${error.message}`); }
}

const entityUrl = () => `entity?${new URLSearchParams({ path: entity })}`;

async function saveEntity() {
  keepEntity(entity, await ask("PUT", entityUrl(), parsed($("entitybody").value)));
  await listEntities();
}

async function deleteEntity() {
  if (!(await sure(`Delete ${entity}, and what belongs to it?`))) return;
  await ask("DELETE", entityUrl());
  forgetEntity();
  note("Deleted.");
  await Promise.all([loadTypes(), listEntities()]);
}

function forgetEntity() {
  entity = saved = $("entitybody").value = "";
  $("entity").hidden = true;
}

// --- notifications --------------------------------------------------------------------------------

let channelsSeen = "", topicsAsked = false;

async function openNotifications() {
  if (!topicsAsked) {
    topicsAsked = true;
    const { topics } = await get("topics");
    $("topics").replaceChildren(...topics.map((value) => el("option", { value })));
  }
  await loadChannels();
}

async function loadChannels() {
  const { channels } = await get("channels"), seen = JSON.stringify(channels);
  if (seen === channelsSeen) return;
  channelsSeen = seen;
  $("nochannels").hidden = channels.length > 0;
  $("channels").replaceChildren(...channels.map((channel) => el("tr", {},
    el("td", {}, `…${channel.id.slice(-8)}`),
    el("td", {}, el("span", { class: channel.connected ? "chip good" : "chip" }, channel.connected ? "connected" : "no")),
    el("td", {}, channel.user || "–"), el("td", {}, channel.client),
    el("td", {}, el("ul", { class: "list" }, channel.topics.slice(0, 50).map((topic) => el("li", {},
      el("button", { type: "button", title: "Make an event of it", onclick: doing(() => pick(topic)) }, topic))),
      channel.topics.length > 50 ? el("li", {}, `and ${channel.topics.length - 50} more`) : null)),
    el("td", {}, channel.connected ? el("button", { type: "button", onclick: doing(() => ask("POST", "channels/closing", { channel: channel.id }), "Told; the socket ends in a minute.") }, "Announce the end") : null))));
}

async function pick(topic) {
  const [base, parts] = topic.split("?");
  $("topic").value = parts ? `${base}.${parts.split("&")[0]}` : base;
  await fillTopic();
  $("eventbody").focus();
}

/** The topic with the ids that were given. */
function concrete() {
  const ids = [...$("topicids").querySelectorAll("input")].map((input) => input.value.trim());
  return $("topic").value.trim().replaceAll("{id}", () => ids.shift() || "{id}");
}

async function fillTopic() {
  const segments = $("topic").value.trim().split("."), fields = [];
  for (const [at, segment] of segments.entries()) {
    if (segment !== "{id}") continue;
    const path = `/api/v2/${segments.slice(1, at).join("/")}`;
    const first = await get("entities", { path, count: 1 }).catch(() => ({ entities: [] }));
    const value = first.entities.length ? first.entities[0].id : crypto.randomUUID ? crypto.randomUUID() : "1";
    fields.push(el("label", {}, `Id of ${segments[at - 1]}`, el("input", { value, required: true, onchange: doing(fillBody) })));
  }
  $("topicids").replaceChildren(...fields);
  await fillBody();
}

async function fillBody() {
  if (!$("topic").value.trim()) return;
  const found = await get(`topics/${encodeURIComponent(concrete())}`);
  $("eventbody").value = JSON.stringify(found.body, null, 2);
}

async function inject() {
  const text = $("eventbody").value.trim();
  const sent = { topic: concrete(), check: $("eventcheck").checked, ...(text ? { body: parsed(text) } : {}) };
  const event = await ask("POST", "events", sent);
  note(`It happened: ${event.topic}`);
}

// --- faults ---------------------------------------------------------------------------------------

let faultsSeen = "";

async function loadFaults() {
  const { faults, kinds } = await get("faults"), seen = JSON.stringify(faults);
  if (!$("kind").childElementCount) $("kind").replaceChildren(...kinds.map((kind) => el("option", { value: kind }, kind.replaceAll("_", " "))));
  if (seen === faultsSeen) return;
  faultsSeen = seen;
  $("allwell").hidden = faults.length > 0;
  $("faultlist").replaceChildren(...faults.map((fault) => {
    const further = ["status", "seconds", "bytes"].filter((name) => fault[name] != null).map((name) => `${name} ${fault[name]}`);
    if (fault.client !== "*") further.unshift(`client ${fault.client}`);
    if (fault.skip) further.push(`after ${fault.skip}`);
    if (fault.carried_out) further.push("carried out");
    const remove = doing(async () => { await ask("DELETE", `faults/${fault.id}`); await loadFaults(); });
    return el("tr", {}, el("td", {}, fault.kind.replaceAll("_", " ")), el("td", {}, el("code", {}, fault.operation)),
      el("td", { class: "num" }, String(fault.share)), el("td", { class: "num" }, fault.count == null ? "no end" : String(fault.count)),
      el("td", {}, further.join(", ")), el("td", { class: "num" }, `${fault.met} of ${fault.seen}`),
      el("td", {}, el("button", { type: "button", onclick: remove, "aria-label": `Switch ${fault.id} off` }, "Switch off")));
  }));
}

async function addFault() {
  const sent = {};
  for (const [name, value] of new FormData($("fault"))) {
    const input = $("fault").elements[name];
    if (value !== "" && input.type !== "checkbox") sent[name] = input.type === "number" ? Number(value) : value.trim();
  }
  if ($("fault").elements.carried_out.checked) sent.carried_out = true;
  await ask("POST", "faults", sent);
  await loadFaults();
}

// --- time and state -------------------------------------------------------------------------------

function showClock(clock) {
  const text = clock.now.replace("T", " ").replace(/\.\d+Z$/, " UTC");
  $("clock").textContent = $("bigclock").textContent = text;
  $("speed").textContent = clock.speed === 0 ? "frozen" : `× ${clock.speed}`;
  $("speed").hidden = clock.speed === 1;
}

const clock = async (change) => showClock(await ask("POST", "clock", change));
const values = (id) => Object.fromEntries(new FormData($(id)));

async function loadSnapshots() {
  const { snapshots } = await get("snapshots");
  $("nosnapshots").hidden = snapshots.length > 0;
  $("snapshots").replaceChildren(...snapshots.map((name) => {
    const path = `snapshots/${encodeURIComponent(name)}`;
    const restore = doing(async () => { await ask("POST", `${path}/restore`); changed(); }, `Back at “${name}”.`);
    const forget = doing(async () => { await ask("DELETE", path); await loadSnapshots(); });
    return el("li", {}, el("button", { type: "button", onclick: restore, title: "Go back to it" }, name),
      el("button", { type: "button", onclick: restore }, "Restore"), el("button", { type: "button", onclick: forget }, "Forget"));
  }));
}

/** What was read of the organization may not be true any more. */
function changed() {
  types = [];
  type = "";
  forgetEntity();
  $("found").replaceChildren();
  $("range").textContent = "Choose a type.";
  doing(loadSnapshots)();
}

async function startAgain() {
  if (!(await sure("Reset the sandbox? All changes, tokens and faults are forgotten."))) return;
  await ask("POST", "reset");
  changed();
  note("The sandbox is as it was at its start.");
}

async function seed() {
  const file = $("seedfile").files[0];
  if (!(await sure(`Start anew with ${file.name}? What the organization holds is forgotten, and so are the snapshots.`))) return;
  await ask("POST", "seed", await file.text(), /\.ya?ml$/i.test(file.name) ? "application/yaml" : "application/octet-stream");
  changed();
  note("The organization starts anew.");
}

async function newToken() {
  $("token").value = (await ask("POST", "token")).access_token;
  $("token").hidden = false;
  $("token").select();
}

// --- start ----------------------------------------------------------------------------------------

on("filter", "input", later(relist));
on("status", "change", relist);
on("pause", "click", () => {
  paused = !paused;
  $("pause").setAttribute("aria-pressed", String(paused));
  $("pause").textContent = paused ? "Go on" : "Pause";
  if (!paused) relist();
});
on("forget", "click", async () => { await ask("DELETE", "requests"); log = []; relist(); });
on("queuefilter", "input", later(doing(watchQueues)));
on("typefilter", "input", later(listTypes));
on("typereload", "click", loadTypes);
on("find", "input", later(() => { place = 0; doing(listEntities)(); }));
on("earlier", "click", () => { place = Math.max(0, place - PER_PAGE); return listEntities(); });
on("later", "click", () => { place += PER_PAGE; return listEntities(); });
on("entity", "submit", saveEntity, "Saved.");
on("entityreload", "click", async () => keepEntity(entity, await get("entity", { path: entity })));
on("entitydelete", "click", deleteEntity);
on("topic", "change", fillTopic);
on("example", "click", fillBody);
on("inject", "submit", inject);
on("fault", "submit", addFault);
on("nofaults", "click", async () => { await ask("DELETE", "faults"); await loadFaults(); });
on("freeze", "click", () => clock({ freeze: true }));
on("resume", "click", () => clock({ resume: true }));
on("realtime", "click", () => clock({ reset: true }));
on("move", "submit", () => clock({ move: Number(values("move").amount) * Number(values("move").unit) }));
on("freezeat", "submit", () => clock({ freeze: `${values("freezeat").at}Z` }));
on("faster", "submit", () => clock({ speed: Number(values("faster").speed) }));
on("keep", "submit", async () => { await ask("PUT", `snapshots/${encodeURIComponent(values("keep").name)}`); $("keep").reset(); await loadSnapshots(); });
on("reset", "click", startAgain);
on("seed", "submit", seed);
on("newtoken", "click", newToken);
addEventListener("hashchange", turn);
addEventListener("resize", later(drawRequests));
document.addEventListener("visibilitychange", doing(() => document.hidden || beat()));
turn();
beats();
